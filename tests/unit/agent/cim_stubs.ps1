# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later

# Stubs of the CIM cmdlets, put before cim_bridge.ps1 where PowerShell runs without CIM.

function New-StubMember([string] $Name, $Value, [string] $Type, [long] $Flags = 0) {
    return [pscustomobject] @{ 'Name' = $Name; 'Value' = $Value; 'CimType' = $Type; 'Flags' = $Flags }
}

function Get-CimInstance($Namespace, $ClassName, $Query, $InputObject) {
    if ($ClassName -eq 'Bad') { throw 'a bad class' }
    if ($ClassName -eq 'None') { return }
    $key = [long] [Microsoft.Management.Infrastructure.CimFlags]::Key
    $members = @(
        (New-StubMember 'Name' "K$([char] 228)se `"$([char] 26481)$([char] 20140)`"`n" 'String' $key),
        (New-StubMember 'Nothing' $null 'String'),
        (New-StubMember 'Flag' $true 'Boolean'),
        (New-StubMember 'Big' ([uint64]::MaxValue) 'UInt64'),
        (New-StubMember 'Small' ([sbyte]::MinValue) 'SInt8'),
        (New-StubMember 'Real' ([double] 0.1) 'Real64'),
        (New-StubMember 'Letter' ([char] 'E') 'Char16'),
        (New-StubMember 'None' ([string[]] @()) 'StringArray'),
        (New-StubMember 'One' ([string[]] @('a')) 'StringArray'),
        (New-StubMember 'Many' ([uint16[]] @(1, 2)) 'UInt16Array'),
        (New-StubMember 'At' ([datetime]::new(2024, 1, 2, 3, 4, 5, 'Utc')) 'DateTime'),
        (New-StubMember 'For' ([timespan]::FromSeconds(1.5)) 'DateTime')
    )
    return [pscustomobject] @{
        'CimInstanceProperties' = $members
        'CimSystemProperties'   = [pscustomobject] @{ 'Namespace' = $Namespace; 'ClassName' = $ClassName }
    }
}

function Get-CimClass($Namespace, $ClassName) {
    $parameters = @{}
    $types = @{
        'Text' = 'String'; 'Number' = 'UInt64'; 'Flag' = 'Boolean'; 'Texts' = 'StringArray'
        'No' = 'UInt16Array'; 'For' = 'DateTime'; 'At' = 'DateTime'
    }
    foreach ($name in $types.Keys) { $parameters[$name] = New-StubMember $name $null $types[$name] }
    return [pscustomobject] @{
        'CimClassMethods'    = @{ 'Echo' = [pscustomobject] @{ 'Parameters' = $parameters } }
        'CimClassProperties' = $parameters
    }
}

function Invoke-CimMethod($CimClass, $InputObject, $MethodName, $Arguments, [switch] $Confirm) {
    $result = [pscustomobject] @{ 'ReturnValue' = [uint32] 0 }
    foreach ($name in $Arguments.Keys) { Add-Member -InputObject $result $name $Arguments[$name] }
    return $result
}
