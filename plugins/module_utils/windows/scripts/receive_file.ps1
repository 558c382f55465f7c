# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Files of a node: JSON lines in, a line of base64 (JSON in UTF-8) out for each. Windows PowerShell 5.1 and 7.
# =data in base64 is a line before its 'write'; no cmdlet gets data, for event 4103 shows it.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
foreach ($line in $input) {
    if ($line.StartsWith('=')) { $data = $line.Substring(1); continue }
    $answer = @{}
    try {
        $call = ConvertFrom-Json -InputObject $line
        $path = $call.path
        switch ($call.do) {
            'look' {
                if (Test-Path -LiteralPath $path -PathType Leaf) {
                    $answer.sha256 = (Get-FileHash -LiteralPath $path -Algorithm SHA256).Hash
                }
                elseif (Test-Path -LiteralPath $path) {
                    $answer.sddl = (Get-Acl -LiteralPath $path).Sddl
                    $answer.link = [IO.File]::GetAttributes($path).HasFlag([IO.FileAttributes]::ReparsePoint)
                    $answer.names = @(Get-ChildItem -LiteralPath $path -Force | ForEach-Object { $_.Name })
                }
            }
            'read' { $answer.data = [Convert]::ToBase64String([IO.File]::ReadAllBytes($path)) }
            'make' { $null = [IO.Directory]::CreateDirectory($path) }
            'write' {
                $bytes = [Convert]::FromBase64String($data)
                $file = [IO.File]::Open($path, [IO.FileMode] $call.mode)
                try { $file.Write($bytes, 0, $bytes.Length) } finally { $file.Dispose() }
            }
            'move' { Move-Item -LiteralPath $path -Destination $call.to -Force }
            'expand' { Expand-Archive -LiteralPath $path -DestinationPath $call.to -Force }
            'remove' {
                if (Test-Path -LiteralPath $path) { Remove-Item -LiteralPath $path -Recurse -Force }
            }
            default { throw "there is no call $($call.do)" }
        }
    }
    catch { $answer = @{ error = $_.Exception.Message } }
    $text = ConvertTo-Json -InputObject $answer -Compress
    [Console]::Out.WriteLine([Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($text)))
}
