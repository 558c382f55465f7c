# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The elements of a task definition ([MS-TSCH] 2.5): those that the lab takes, those that it only knows."""

from __future__ import annotations

# Element -> its children that the lab acts on or may safely pass over.
KNOWN: dict[str, tuple[str, ...]] = {
    "Task": ("RegistrationInfo", "Triggers", "Settings", "Principals", "Actions"),
    "RegistrationInfo": (
        "URI",
        "SecurityDescriptor",
        "Source",
        "Date",
        "Author",
        "Version",
        "Description",
        "Documentation",
    ),
    "Triggers": ("BootTrigger", "RegistrationTrigger", "TimeTrigger", "EventTrigger", "CalendarTrigger"),
    "BootTrigger": ("Enabled", "StartBoundary", "Repetition", "Delay"),
    "RegistrationTrigger": ("Enabled", "Repetition", "Delay"),
    "TimeTrigger": ("Enabled", "StartBoundary", "Repetition"),
    "EventTrigger": ("Enabled", "Subscription", "Delay"),
    "CalendarTrigger": ("Enabled", "StartBoundary", "Repetition", "ScheduleByDay"),
    "ScheduleByDay": ("DaysInterval",),
    "Repetition": ("Interval", "Duration", "StopAtDurationEnd"),
    "Principals": ("Principal",),
    "Principal": ("UserId", "LogonType", "RunLevel"),
    "Settings": (
        "AllowStartOnDemand",
        "RestartOnFailure",
        "MultipleInstancesPolicy",
        "DisallowStartIfOnBatteries",
        "StopIfGoingOnBatteries",
        "AllowHardTerminate",
        "StartWhenAvailable",
        "RunOnlyIfNetworkAvailable",
        "WakeToRun",
        "Enabled",
        "Hidden",
        "IdleSettings",
        "ExecutionTimeLimit",
        "Priority",
        "RunOnlyIfIdle",
        "UseUnifiedSchedulingEngine",
        "DisallowStartOnRemoteAppSession",
    ),
    "RestartOnFailure": ("Interval", "Count"),
    "IdleSettings": ("StopOnIdleEnd", "RestartOnIdle"),
    "Actions": ("Exec",),
    "Exec": ("Command", "Arguments", "WorkingDirectory"),
}
# Legal as well, and refused because the lab would not do what they say.
LEGAL: dict[str, tuple[str, ...]] = {
    "Task": ("Data",),
    "Triggers": ("IdleTrigger", "LogonTrigger", "SessionStateChangeTrigger"),
    "BootTrigger": ("EndBoundary", "ExecutionTimeLimit"),
    "RegistrationTrigger": ("StartBoundary", "EndBoundary", "ExecutionTimeLimit"),
    "TimeTrigger": ("EndBoundary", "ExecutionTimeLimit", "RandomDelay"),
    "EventTrigger": (
        "StartBoundary",
        "EndBoundary",
        "Repetition",
        "ExecutionTimeLimit",
        "PeriodOfOccurrence",
        "NumberOfOccurrences",
        "MatchingElement",
        "ValueQueries",
    ),
    "CalendarTrigger": (
        "EndBoundary",
        "ExecutionTimeLimit",
        "RandomDelay",
        "ScheduleByWeek",
        "ScheduleByMonth",
        "ScheduleByMonthDayOfWeek",
    ),
    "Principal": ("GroupId", "DisplayName", "ProcessTokenSidType", "RequiredPrivileges"),
    "Settings": (
        "NetworkProfileName",
        "NetworkSettings",
        "DeleteExpiredTaskAfter",
        "MaintenanceSettings",
        "Volatile",
    ),
    "IdleSettings": ("Duration", "WaitTimeout"),
    "Actions": ("ComHandler", "SendEmail", "ShowMessage"),
}
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "Task": ("version",),
    "Principal": ("id",),
    "Actions": ("Context",),
    "Exec": ("id",),
    **dict.fromkeys(KNOWN["Triggers"], ("id",)),
}
# What would hold the task back or change its course on a machine that the lab is not.
MUST_BE_OFF = ("RunOnlyIfIdle", "RunOnlyIfNetworkAvailable")
POLICIES = ("Parallel", "Queue", "IgnoreNew", "StopExisting")
