"""Places and people (区域、院落、户、居民、商铺、服务站): the area tree and whatever can hold points.

Clerks keep these registers at the desk and load them from Excel; every other feature points at them.
Owns ``area``, ``holder`` with its four kinds, the stays, ``station`` and ``import_run``.
"""
