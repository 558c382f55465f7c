# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Certificates: lines of JSON in, lines of base64 (JSON in UTF-8) out.
# PFX:password in base64 is a line before; no cmdlet gets that, for event 4103 shows it.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$kinds = 'Security.Cryptography.X509Certificates'
foreach ($line in $input) {
    if (-not $line.StartsWith('{')) { $secret = $line.Split(':'); continue }
    $answer = @{}
    try {
        $call = ConvertFrom-Json -InputObject $line
        if ($call.do -in 'look', 'import') {
            $found = New-Object "$kinds.X509Certificate2Collection"
            $password = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($secret[1]))
            $found.Import([Convert]::FromBase64String($secret[0]), $password, $call.flags)
        }
        switch ($call.do) {
            'look' {
                $answer.certificates = @(foreach ($one in $found) {
                    @{
                        thumbprint = $one.Thumbprint
                        key = $one.HasPrivateKey
                        names = @($one.DnsNameList | ForEach-Object { $_.Unicode })
                        begins = $one.NotBefore.ToUniversalTime().ToString('s')
                        ends = $one.NotAfter.ToUniversalTime().ToString('s')
                    }
                    $one.Reset()
                })
            }
            'import' {
                foreach ($one in $found) {
                    $name = if ($one.HasPrivateKey) { $call.store } else { 'CA' }
                    if (-not $one.HasPrivateKey -and $one.Subject -eq $one.Issuer) { continue }
                    $store = New-Object "$kinds.X509Store" $name, 'LocalMachine'
                    $store.Open('ReadWrite')
                    $store.Add($one)
                    $store.Close()
                }
            }
            'remove' {
                $path = "Cert:\LocalMachine\$($call.store)\$($call.thumbprint)"
                if (Test-Path -LiteralPath $path) { Remove-Item -Path $path -DeleteKey }
            }
            'central' {
                $path = 'HKLM:\SOFTWARE\Microsoft\IIS\CentralCertProvider'
                if (Test-Path -LiteralPath $path) {
                    $known = Get-ItemProperty -LiteralPath $path
                    $answer.enabled = $known.Enabled
                    $answer.location = $known.CertStoreLocation
                    $files = Get-ChildItem -LiteralPath $known.CertStoreLocation -Filter '*.pfx'
                    $answer.files = @($files | ForEach-Object { $_.Name })
                }
            }
            default { throw "there is no call $($call.do)" }
        }
    }
    catch { $answer.error = $_.Exception.Message }
    $text = ConvertTo-Json -InputObject $answer -Compress -Depth 4
    [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($text))
}
