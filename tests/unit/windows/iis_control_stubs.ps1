# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later

# Stubs of Microsoft.Web.Administration, put before iis_control.ps1 where PowerShell runs without IIS.
$Global:States = @{ 'Files & Co' = 3; 'Sch' + [char] 246 + 'n' = 'Started' }
class StubMethod {
    [string] $Site
    [int] $State
    [object] CreateInstance() { return $this }
    [void] Execute() {
        if ($this.Site -eq 'Refuses') { throw "refused: $([char] 228)" }
        $Global:States[$this.Site] = $this.State
    }
}
class StubServer : System.Collections.Hashtable { [hashtable] $Methods }
function Add-Type($Path) { if ($Path -notlike '*inetsrv*Microsoft.Web.Administration.dll') { throw $Path } }
function New-Object($TypeName) {
    if ($TypeName -ne 'Microsoft.Web.Administration.ServerManager') { throw $TypeName }
    $sites = @{}
    foreach ($name in @($Global:States.Keys) + 'Refuses') {
        $server = [StubServer]::new()
        $server['state'] = $Global:States[$name]
        $server.Methods = @{
            'start' = [StubMethod] @{ Site = $name; State = 1 }
            'stop'  = [StubMethod] @{ Site = $name; State = 3 }
        }
        $site = [pscustomobject] @{ Server = $server }
        $site | Add-Member ScriptMethod GetChildElement { param($Name) return , $this.Server }
        $sites[$name] = $site
    }
    $manager = [pscustomobject] @{ Sites = $sites }
    $manager | Add-Member ScriptMethod Dispose { }
    return $manager
}
