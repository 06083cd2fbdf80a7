"""What changes in redemption: ``catalogue`` the goods, ``stock`` their append-only book, ``vouchers`` from hold to hand-over."""
