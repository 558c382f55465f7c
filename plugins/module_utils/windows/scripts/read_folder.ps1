# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Folders of content: JSON lines in, a line of base64 (JSON in UTF-8) out for each. Nothing is changed.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
foreach ($line in $input) {
    $answer = @{}
    try {
        $call = ConvertFrom-Json -InputObject $line
        switch ($call.do) {
            'folder' {
                if (Test-Path -LiteralPath $call.path -PathType Container) {
                    $root = (Get-Item -LiteralPath $call.path -Force).FullName.TrimEnd('\')
                    $answer.sddl = (Get-Acl -LiteralPath $call.path).Sddl
                    $answer.accounts = @{}
                    foreach ($match in [Regex]::Matches($answer.sddl, 'S-1-5-21(-\d+)+')) {
                        $sid = New-Object Security.Principal.SecurityIdentifier $match.Value
                        try { $name = $sid.Translate([Security.Principal.NTAccount]).Value }
                        catch { $name = $null }
                        $answer.accounts[$match.Value] = $name
                    }
                    $found = @()
                    if ($call.files) {
                        $found = @(Get-ChildItem -LiteralPath $call.path -Recurse -Force -File)
                    }
                    $answer.total = $found.Count
                    if ($found.Count -le $call.most) {
                        $answer.files = @{}
                        foreach ($file in $found) {
                            $hash = (Get-FileHash -LiteralPath $file.FullName -Algorithm SHA256).Hash
                            $answer.files[$file.FullName.Substring($root.Length + 1)] = $hash
                        }
                    }
                }
            }
            default { throw "there is no call $($call.do)" }
        }
    }
    catch { $answer = @{ error = $_.Exception.Message } }
    $text = ConvertTo-Json -InputObject $answer -Compress -Depth 4
    [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($text))
}
