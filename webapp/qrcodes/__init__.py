"""Plates and cards (门牌码与积分卡): one random code for each courtyard and shop, and for each household's card.

Clerks print, replace and revoke them; everybody scans them. Owns ``code``.
"""
