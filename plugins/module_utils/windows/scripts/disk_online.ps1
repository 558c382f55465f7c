# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Disks online until the next boot: JSON lines in, a line of base64 (JSON in UTF-8) out for each.
# Windows PowerShell 5.1 and 7.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$code = @'
using System;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
public static class StandbyDisk {
    [DllImport("kernel32.dll", EntryPoint = "CreateFileW", SetLastError = true,
        CharSet = CharSet.Unicode)]
    static extern SafeFileHandle Open(string path, uint access, uint share, IntPtr security, uint disposition,
        uint flags, IntPtr template);
    [DllImport("kernel32.dll", SetLastError = true)]
    static extern bool DeviceIoControl(SafeFileHandle disk, uint code, byte[] given, int size,
        [Out] byte[] got, int room, out int returned, IntPtr overlapped);
    static void Check(bool done) {
        if (!done) throw new System.ComponentModel.Win32Exception(Marshal.GetLastWin32Error());
    }
    static void Set(SafeFileHandle disk, bool persist, byte attributes) {
        byte[] wanted = new byte[40];                    // SET_DISK_ATTRIBUTES
        int returned;
        wanted[0] = 40;                                  // Version
        wanted[4] = (byte)(persist ? 1 : 0);             // Persist
        wanted[8] = attributes;                          // Attributes
        wanted[16] = 3;                                  // AttributesMask: offline and read-only
        Check(DeviceIoControl(disk, 0x7C0F4, wanted, 40, null, 0, out returned, IntPtr.Zero));
    }
    public static bool Online(string path) {
        using (SafeFileHandle disk = Open(path, 0xC0000000, 3, IntPtr.Zero, 3, 0, IntPtr.Zero)) {
            Check(!disk.IsInvalid);
            byte[] known = new byte[16];                 // GET_DISK_ATTRIBUTES
            int returned;
            Check(DeviceIoControl(disk, 0x700F0, null, 0, known, 16, out returned, IntPtr.Zero));
            if ((known[8] & 1) == 0) return false;       // online already: persisting offline would end that
            Set(disk, true, 1);
            Set(disk, false, 0);
            return true;
        }
    }
}
'@
foreach ($line in $input) {
    try {
        $call = ConvertFrom-Json -InputObject $line
        if ($call.do -ne 'online') { throw "there is no call $($call.do)" }
        Add-Type -TypeDefinition $code
        $answer = @{ changed = [StandbyDisk]::Online($call.path) }
    }
    catch { $answer = @{ error = $_.Exception.Message } }
    [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes((ConvertTo-Json -InputObject $answer -Compress)))
}
