# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)

# The agent's way to CIM on its own node: one JSON line in, one JSON line out, until the end of input.
# docs/architecture.md, "The bridge", says what the lines hold. Nothing is decided here: every line is data,
# each call of it is one CIM cmdlet (or one look at an FTP site), and a call that fails becomes an error beside the answers of the others.
# Windows PowerShell 5.1 and PowerShell 7. What is read and written are the raw streams, so that the code page
# of the console does not matter.

#Requires -Version 5.1

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
# Both would be printed among the answers.
$WarningPreference = 'SilentlyContinue'
$ProgressPreference = 'SilentlyContinue'

$Utf8 = [System.Text.UTF8Encoding]::new($false)
$Invariant = [System.Globalization.CultureInfo]::InvariantCulture
$KeyFlag = [long] [Microsoft.Management.Infrastructure.CimFlags]::Key
# The largest that ConvertTo-Json takes.
$Depth = 100

# CIM type -> .NET type (Microsoft.Management.Infrastructure.CimType); times are read on their own.
$DotNetTypes = @{
    'boolean'   = [bool]
    'sint8'     = [sbyte]
    'uint8'     = [byte]
    'sint16'    = [int16]
    'uint16'    = [uint16]
    'sint32'    = [int32]
    'uint32'    = [uint32]
    'sint64'    = [int64]
    'uint64'    = [uint64]
    'real32'    = [single]
    'real64'    = [double]
    'char16'    = [char]
    'string'    = [string]
    'datetime'  = [object]
    'reference' = [Microsoft.Management.Infrastructure.CimInstance]
    'instance'  = [Microsoft.Management.Infrastructure.CimInstance]
}
# .NET type -> name of the scalar on the line. A CIM datetime is a point in time or an interval.
$ScalarTypes = @{
    'System.Boolean'  = 'boolean'
    'System.SByte'    = 'sint8'
    'System.Byte'     = 'uint8'
    'System.Int16'    = 'sint16'
    'System.UInt16'   = 'uint16'
    'System.Int32'    = 'sint32'
    'System.UInt32'   = 'uint32'
    'System.Int64'    = 'sint64'
    'System.UInt64'   = 'uint64'
    'System.Single'   = 'real32'
    'System.Double'   = 'real64'
    'System.Char'     = 'char16'
    'System.String'   = 'string'
    'System.DateTime' = 'datetime'
    'System.TimeSpan' = 'interval'
}
$Classes = @{}

# The declaration of a class, asked for once.
function Get-Class([string] $Namespace, [string] $Name) {
    $id = $Namespace + ':' + $Name
    if (-not $Classes.ContainsKey($id)) {
        $Classes[$id] = Get-CimClass -Namespace $Namespace -ClassName $Name
    }
    return $Classes[$id]
}

# --- from the line

# "type=text"; a scalar without type has the declared one.
function Read-Scalar([string] $Text, [string] $Declared) {
    $type, $content = $Text.Split([char[]] '=', 2)
    if ($type -eq '') { $type = $Declared }
    if ($type -eq 'datetime') { return [datetime]::Parse($content, $Invariant, 'RoundtripKind') }
    if ($type -eq 'interval') { return [timespan]::FromTicks([long]::Parse($content, $Invariant)) }
    return [System.Convert]::ChangeType($content, $DotNetTypes[$type], $Invariant)
}

function Read-Value($Value, [string] $Declared, [string] $Namespace) {
    if ($null -eq $Value) { return $null }
    if ($Value -is [string]) { return Read-Scalar $Value $Declared }
    if ($Value.kind -eq 'reference') { return New-Reference $Value.value }
    if ($Value.kind -eq 'instance') { return New-Embedded $Value.value $Namespace }
    $array = [array]::CreateInstance($DotNetTypes[$Declared], $Value.value.Length)
    for ($index = 0; $index -lt $array.Length; $index++) {
        $array[$index] = Read-Value $Value.value[$index] $Declared $Namespace
    }
    # The comma keeps an array of one element or none an array.
    return , $array
}

# Pairs of name and value -> a table, each value of the type that its member is declared with.
function Read-Table($Pairs, $Declarations, [string] $Owner, [string] $Namespace) {
    $table = @{}
    foreach ($pair in $Pairs) {
        $declaration = $Declarations[$pair[0]]
        if ($null -eq $declaration) { throw "$Owner has no member $($pair[0])" }
        $declared = $declaration.CimType.ToString().ToLowerInvariant() -replace 'array$', ''
        $table[$pair[0]] = Read-Value $pair[1] $declared $Namespace
    }
    return $table
}

# Keys carry their types.
function Read-Keys($Pairs) {
    $table = @{}
    foreach ($pair in $Pairs) { $table[$pair[0]] = Read-Value $pair[1] '' '' }
    return $table
}

# An instance that holds its keys alone and stands for the one in the repository. Of a class that it knows by name
# alone, New-CimInstance takes a key of type reference as [ref].
function New-Reference($Reference) {
    $keys = Read-Keys $Reference.keys
    foreach ($pair in $Reference.keys) {
        if ($pair[1] -isnot [string]) { $keys[$pair[0]] = [ref] $keys[$pair[0]] }
    }
    return New-CimInstance -ClientOnly -Namespace $Reference.namespace -ClassName $Reference.class `
        -Property $keys -Key @($keys.Keys)
}

function New-Embedded($Instance, [string] $Namespace) {
    $class = Get-Class $Namespace $Instance.class
    $table = Read-Table $Instance.properties $class.CimClassProperties $Instance.class $Namespace
    return New-CimInstance -ClientOnly -CimClass $class -Property $table
}

# --- to the line. Lists are List[object]: PowerShell would take arrays of one element or none apart.

function Write-Scalar([string] $Type, $Value) {
    if ($Type -eq 'datetime') { return 'datetime=' + $Value.ToUniversalTime().ToString('o', $Invariant) }
    if ($Type -eq 'interval') { return 'interval=' + $Value.Ticks.ToString($Invariant) }
    if ($Type -eq 'boolean') { return 'boolean=' + $Value.ToString().ToLowerInvariant() }
    if ($Type -like 'real*') { return $Type + '=' + $Value.ToString('R', $Invariant) }
    return $Type + '=' + [System.Convert]::ToString($Value, $Invariant)
}

function Write-Value($Value, [bool] $IsReference) {
    if ($null -eq $Value) { return $null }
    if ($Value -is [array]) {
        $list = [System.Collections.Generic.List[object]]::new()
        foreach ($one in $Value) { $list.Add((Write-Value $one $IsReference)) }
        return @{ 'kind' = 'array'; 'value' = $list }
    }
    $type = $ScalarTypes[$Value.GetType().FullName]
    if ($null -ne $type) { return Write-Scalar $type $Value }
    if ($IsReference) { return @{ 'kind' = 'reference'; 'value' = Write-Reference $Value } }
    return @{ 'kind' = 'instance'; 'value' = Write-Instance $Value }
}

function Test-Reference($Member) {
    return $null -ne $Member -and $Member.CimType.ToString() -like 'Reference*'
}

function Write-Reference($Instance) {
    $keys = [System.Collections.Generic.List[object]]::new()
    foreach ($property in $Instance.CimInstanceProperties) {
        if (([long] $property.Flags -band $KeyFlag) -ne 0) {
            $pair = [System.Collections.Generic.List[object]]::new()
            $pair.Add($property.Name)
            $pair.Add((Write-Value $property.Value (Test-Reference $property)))
            $keys.Add($pair)
        }
    }
    $system = $Instance.CimSystemProperties
    return @{ 'namespace' = $system.Namespace; 'class' = $system.ClassName; 'keys' = $keys }
}

function Write-Instance($Instance) {
    $properties = @{}
    foreach ($property in $Instance.CimInstanceProperties) {
        $properties[$property.Name] = Write-Value $property.Value (Test-Reference $property)
    }
    $reference = Write-Reference $Instance
    return @{ 'class' = $reference['class']; 'properties' = $properties; 'reference' = $reference }
}

function Write-Items($Instances) {
    $items = [System.Collections.Generic.List[object]]::new()
    foreach ($instance in $Instances) { $items.Add((Write-Instance $instance)) }
    return @{ 'items' = $items }
}

# Out-parameters and ReturnValue are properties of one object; their CIM types are those of the declaration.
function Write-Result($Result, $Method) {
    $values = @{}
    if ($null -ne $Result) {
        foreach ($property in $Result.PSObject.Properties) {
            $isReference = Test-Reference $Method.Parameters[$property.Name]
            $values[$property.Name] = Write-Value $property.Value $isReference
        }
    }
    return @{ 'output' = $values }
}

function Write-Failure($Exception) {
    $failure = @{
        'message' = $Exception.Message
        'type'    = $Exception.GetType().FullName
        'native'  = 0
        'status'  = 0
        'id'      = $null
        'data'    = $null
    }
    if ($Exception -is [Microsoft.Management.Infrastructure.CimException]) {
        $failure['native'] = [int] $Exception.NativeErrorCode
        $failure['status'] = [long] $Exception.StatusCode
        $failure['id'] = $Exception.MessageId
        if ($null -ne $Exception.ErrorData) { $failure['data'] = Write-Instance $Exception.ErrorData }
    }
    return @{ 'error' = $failure }
}

# --- the verbs

function Invoke-Method($Call) {
    $class = Get-Class $Call.namespace $Call.class
    $method = $class.CimClassMethods[$Call.method]
    $name = $Call.class + '.' + $Call.method
    if ($null -eq $method) { throw "there is no method $name" }
    $given = Read-Table $Call.arguments $method.Parameters $name $Call.namespace
    $what = @{ 'MethodName' = $Call.method; 'Arguments' = $given; 'Confirm' = $false }
    if ($null -eq $Call.keys) {
        return Write-Result (Invoke-CimMethod -CimClass $class @what) $method
    }
    # Made of the class, since Invoke-CimMethod looks up there what the arguments are.
    $target = New-CimInstance -ClientOnly -CimClass $class -Property (Read-Keys $Call.keys)
    return Write-Result (Invoke-CimMethod -InputObject $target @what) $method
}

function Find-Associated($Call) {
    $filter = @{}
    if ($null -ne $Call.association) { $filter['Association'] = $Call.association }
    if ($null -ne $Call.result) { $filter['ResultClassName'] = $Call.result }
    $source = New-Reference $Call.reference
    return Write-Items (Get-CimAssociatedInstance -InputObject $source -Namespace $Call.namespace @filter)
}

function Add-Instance($Call) {
    $class = Get-Class $Call.namespace $Call.class
    $table = Read-Table $Call.properties $class.CimClassProperties $Call.class $Call.namespace
    $made = New-CimInstance -CimClass $class -Property $table -Confirm:$false
    return @{ 'reference' = Write-Reference $made }
}

function Edit-Instance($Call) {
    $reference = $Call.reference
    $class = Get-Class $reference.namespace $reference.class
    $table = Read-Table $Call.properties $class.CimClassProperties $reference.class $reference.namespace
    Set-CimInstance -InputObject (New-Reference $reference) -Property $table -Confirm:$false
    return @{}
}

# The run state of an FTP site, which no class has. A manager keeps what it has read: each call makes another.
function Read-FtpState($Call) {
    Add-Type -Path (Join-Path $env:windir 'System32\inetsrv\Microsoft.Web.Administration.dll')
    $manager = New-Object -TypeName Microsoft.Web.Administration.ServerManager
    try {
        $site = $manager.Sites[$Call.name]
        if ($null -eq $site) { return @{ 'state' = 'Missing' } }
        return @{ 'state' = [string] $site.GetChildElement('ftpServer')['state'] }
    }
    finally { $manager.Dispose() }
}

function Invoke-Call($Call) {
    switch ($Call.verb) {
        'enumerate' {
            return Write-Items (Get-CimInstance -Namespace $Call.namespace -ClassName $Call.class)
        }
        'query' {
            return Write-Items (Get-CimInstance -Namespace $Call.namespace -Query $Call.query)
        }
        'associated' { return Find-Associated $Call }
        'get' { return Write-Items (Get-CimInstance -InputObject (New-Reference $Call.reference)) }
        'create' { return Add-Instance $Call }
        'modify' { return Edit-Instance $Call }
        'delete' {
            Remove-CimInstance -InputObject (New-Reference $Call.reference) -Confirm:$false
            return @{}
        }
        'invoke' { return Invoke-Method $Call }
        'ftp' { return Read-FtpState $Call }
        default { throw "there is no verb $($Call.verb)" }
    }
}

function Invoke-Line([string] $Line) {
    $answers = [System.Collections.Generic.List[object]]::new()
    $request = ConvertFrom-Json -InputObject $Line
    foreach ($call in $request.calls) {
        try {
            $answers.Add((Invoke-Call $call))
        }
        catch {
            $answers.Add((Write-Failure $_.Exception))
        }
    }
    return ConvertTo-Json -InputObject @{ 'id' = $request.id; 'answers' = $answers } -Depth $Depth -Compress
}

$reader = [System.IO.StreamReader]::new([System.Console]::OpenStandardInput(), $Utf8)
$writer = [System.IO.StreamWriter]::new([System.Console]::OpenStandardOutput(), $Utf8)
$writer.NewLine = "`n"
while ($null -ne ($line = $reader.ReadLine())) {
    try {
        $answer = Invoke-Line $line
    }
    catch {
        $answer = ConvertTo-Json -InputObject (Write-Failure $_.Exception) -Depth $Depth -Compress
    }
    $writer.WriteLine($answer)
    $writer.Flush()
}
