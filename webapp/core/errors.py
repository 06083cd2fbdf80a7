"""One tree of errors for every rule of the domain.

    DomainError
    ├── Invalid               422  what was typed cannot be used; the form is shown again
    ├── NotSignedIn           401  no session, or it has ended
    ├── NotAllowed            403  signed in, but not for this
    ├── NotFound              404
    ├── Gone                  410  it existed; it was replaced, revoked or has expired
    ├── Conflict              409  somebody or something was there first
    │   ├── InsufficientPoints
    │   ├── OutOfStock
    │   ├── LimitReached
    │   ├── AlreadyUsed
    │   └── OnHold
    ├── TooManyTries          429  guesses are throttled
    └── Unavailable           503  try again later

A message is plain Chinese: what happened, and what to do now. Services raise these;
``webapp.web.errors`` turns them into a page or a fragment.
"""


class DomainError(Exception):
    """A rule of the domain refused. ``field`` names the form field that is to blame, if one is.

    ``keeps_changes``: what was written before the refusal stays (a wrong PIN counts although it is refused).
    """

    status = 500
    title = "没有办成"
    keeps_changes = False

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Invalid(DomainError):
    status = 422
    title = "请改一下再试"


class NotSignedIn(DomainError):
    status = 401
    title = "请先登录"


class NotAllowed(DomainError):
    status = 403
    title = "没有权限"


class NotFound(DomainError):
    status = 404
    title = "没有找到"


class Gone(DomainError):
    status = 410
    title = "已经失效"


class Conflict(DomainError):
    status = 409
    title = "没有办成"


class InsufficientPoints(Conflict):
    title = "积分不够"


class OutOfStock(Conflict):
    title = "已经换完"


class LimitReached(Conflict):
    title = "已到上限"


class AlreadyUsed(Conflict):
    title = "已经用过"


class OnHold(Conflict):
    title = "暂时冻结"


class TooManyTries(DomainError):
    status = 429
    title = "请稍后再试"


class Unavailable(DomainError):
    status = 503
    title = "暂时不能办理"
