# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The text of ``scripts/iis_control.ps1`` for modules: Ansible ships Python files alone to where they run.

The file is the one to read and to change; a test compares the two.
"""

from __future__ import annotations

TEXT = r"""# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Run states that appcmd and CIM do not have: JSON lines in, a line of base64 (JSON in UTF-8) out for each.
# Windows PowerShell 5.1 and 7.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
function Use-Ftp($Name, $Verb) {
    Add-Type -Path (Join-Path $env:windir 'System32\inetsrv\Microsoft.Web.Administration.dll')
    $manager = New-Object -TypeName Microsoft.Web.Administration.ServerManager
    try {
        $site = $manager.Sites[$Name]
        if ($null -eq $site) { return @{ state = 'Missing' } }
        $ftp = $site.GetChildElement('ftpServer')
        if ($Verb -ne 'state') { $null = $ftp.Methods[$Verb].CreateInstance().Execute() }
        return @{ state = [string] $ftp['state'] }
    }
    finally { $manager.Dispose() }
}
function Use-Smtp($Name, $Verb) {
    if ($Name -notmatch '^SmtpSvc/[0-9]+$') { throw "$Name is no SMTP virtual server" }
    $path = "IIS://localhost/$Name"
    if (-not [System.DirectoryServices.DirectoryEntry]::Exists($path)) { return @{ state = 'Missing' } }
    $server = New-Object -TypeName System.DirectoryServices.DirectoryEntry -ArgumentList $path
    try {
        if ($Verb -ne 'state') { $null = $server.PSBase.Invoke($Verb) }
        return @{ state = [string] $server.PSBase.Invoke('Get', 'ServerState') }
    }
    finally { $server.PSBase.Dispose() }
}
foreach ($line in $input) {
    try {
        $call = ConvertFrom-Json -InputObject $line
        if ($call.verb -notin 'state', 'start', 'stop') { throw "there is no verb $($call.verb)" }
        switch ($call.kind) {
            'ftp' { $answer = Use-Ftp $call.name $call.verb }
            'smtp' { $answer = Use-Smtp $call.name $call.verb }
            default { throw "there is no kind $($call.kind)" }
        }
    }
    catch { $answer = @{ error = $_.Exception.Message } }
    [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes((ConvertTo-Json -InputObject $answer -Compress)))
}
"""
