"""Opens an uploaded .xlsx or .xls in a process of its own, and prints its first fitting sheet as lines of JSON.

Why a process: the workbook is somebody else's file. A forged size in an .xls makes the parser reserve more memory
than there is, which ends the process it runs in; that must not be the server. Here memory is limited (where the
system can), the caller stops us when we take too long, and we know none of the server's secrets.

It runs under ``python -I`` as a package of its own and imports nothing else of the project, so that it starts in 30 ms.
Input: one line of JSON (``content`` xlsx or xls, ``titles``, ``max_rows``), then the file. Output: one line
``{"sheet": …}`` and a JSON list per row, the first row of the sheet first; or one line ``{"refused": reason}``.
Cells: text, number, true/false, null, ``{"date": …}``, ``{"time": …}``, ``{"fault": why it has no value}``.
"""
