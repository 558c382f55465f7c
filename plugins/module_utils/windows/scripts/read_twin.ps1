# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# What a twin is compared by: JSON lines in, a line of base64 (JSON in UTF-8) out for each. It only reads.
# Answers bypass the pipeline, which event 4103 shows: they hold keys.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
foreach ($line in $input) {
    $answer = @{}
    try {
        $call = ConvertFrom-Json -InputObject $line
        switch ($call.do) {
            'read' {
                if (Test-Path -LiteralPath $call.path -PathType Leaf) {
                    $answer.data = [Convert]::ToBase64String([IO.File]::ReadAllBytes($call.path))
                }
            }
            'certificates' {
                $answer.certificates = @(
                    foreach ($store in $call.stores) {
                        if (Test-Path -LiteralPath "Cert:\LocalMachine\$store") {
                            foreach ($found in Get-ChildItem -LiteralPath "Cert:\LocalMachine\$store") {
                                @{
                                    store = $store
                                    thumbprint = $found.Thumbprint
                                    key = $found.HasPrivateKey
                                    names = @($found.DnsNameList | ForEach-Object { $_.Unicode })
                                    begins = $found.NotBefore.ToUniversalTime().ToString('s')
                                    ends = $found.NotAfter.ToUniversalTime().ToString('s')
                                }
                            }
                        }
                    }
                )
            }
            'bindings' {
                Add-Type -Path "$env:SystemRoot\System32\inetsrv\Microsoft.Web.Administration.dll"
                $manager = New-Object Microsoft.Web.Administration.ServerManager
                $answer.bindings = @(
                    foreach ($site in $manager.Sites) {
                        foreach ($binding in $site.Bindings | Where-Object { $_.Protocol -eq 'https' }) {
                            $hash = $binding.CertificateHash
                            if ($null -ne $hash) {
                                @{
                                    site = $site.Name
                                    information = $binding.BindingInformation
                                    thumbprint = [BitConverter]::ToString($hash).Replace('-', '')
                                    store = $binding.CertificateStoreName
                                }
                            }
                        }
                    }
                )
            }
            default { throw "there is no call $($call.do)" }
        }
    }
    catch { $answer = @{ error = $_.Exception.Message } }
    $text = ConvertTo-Json -InputObject $answer -Compress -Depth 4
    [Console]::Out.WriteLine([Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($text)))
}
