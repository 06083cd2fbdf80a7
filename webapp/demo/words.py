"""Believable names and places, drawn from a seeded generator: the same demonstration each time."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

#: Surnames by how common they are in the north; heads of households draw from them with these weights.
SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
    "余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
RARE_SURNAMES = ("欧阳", "诸葛", "仇", "单", "解", "翟", "曾", "覃")
ELDER_GIVEN = [
    "建国",
    "秀英",
    "桂兰",
    "玉梅",
    "志强",
    "淑珍",
    "国庆",
    "春花",
    "德胜",
    "凤霞",
    "玉兰",
    "长河",
    "金锁",
    "兰英",
    "福生",
    "来喜",
    "秀芳",
    "宝山",
    "桂花",
    "树林",
    "爱民",
    "素琴",
    "永红",
    "和平",
    "卫东",
    "援朝",
    "跃进",
    "文华",
    "红旗",
    "俊英",
    "巧云",
    "改莲",
    "拴柱",
    "存厚",
    "满仓",
    "有才",
    "月娥",
    "银花",
    "喜梅",
    "根生",
]
YOUNG_GIVEN = [
    "浩然",
    "子涵",
    "欣怡",
    "宇轩",
    "梓萱",
    "佳琪",
    "俊杰",
    "雨桐",
    "思远",
    "晓峰",
    "文博",
    "雅婷",
    "志远",
    "丽娜",
    "海涛",
    "雪梅",
    "鹏飞",
    "静怡",
    "建军",
    "慧敏",
    "晨曦",
    "永刚",
    "艳红",
    "立新",
    "小军",
    "晓燕",
    "伟东",
    "红霞",
    "国栋",
    "美玲",
]

LANES = ("前街", "后街", "槐树巷", "水井巷", "杏坛路", "书院巷", "东平路", "西平路", "迎春巷", "和顺巷")
TRADES = (
    ("超市", ("惠民", "万家福", "好又多", "家家乐", "便民", "四季鲜")),
    ("面馆", ("老马家", "晋味", "刀削", "福满楼", "一品香")),
    ("理发店", ("美丝", "名流", "阿强", "新概念")),
    ("药店", ("康宁", "百姓", "仁和堂", "济世")),
    ("五金店", ("宏达", "兴隆", "永固", "利民")),
    ("水果店", ("鲜丰", "果香园", "甜蜜蜜", "百果")),
    ("早餐铺", ("老张", "胖嫂", "清晨", "豆香")),
    ("服装店", ("丽人", "衣品", "红袖", "都市")),
    ("修车铺", ("顺达", "平安", "老李", "快捷")),
    ("文具店", ("状元", "晨光", "小博士", "育才")),
    ("裁缝铺", ("巧手", "锦绣", "老孙", "阿芳")),
    ("小吃店", ("正宗", "街角", "老地方", "香满园")),
)
STREETS = ("人民路", "府前街", "永宁大街", "滨河路", "迎宾路", "北大街", "南关街", "文化路", "凤山路", "建设街")

CLEAN_NOTES = ("门前扫得干净", "杂物已清走", "花池整齐", "垃圾分类到位", "门口无积水", "")
KIND_NOTES = (
    "帮邻居老人买药",
    "周六一起清扫",
    "给新来的租户带路办证",
    "参加夜间巡逻",
    "捐了旧书",
    "劝和了一桩口角",
    "",
)


class Names:
    """Draws names; never the same household head twice in a community, so that lists can be told apart."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._used: set[str] = set()

    def surname(self) -> str:
        if self._random.random() < 0.02:
            return self._random.choice(RARE_SURNAMES)
        # the first surnames are the most common ones
        return SURNAMES[min(int(self._random.expovariate(1 / 18)), len(SURNAMES) - 1)]

    def elder(self) -> str:
        return self._new(ELDER_GIVEN)

    def young(self) -> str:
        return self._new(YOUNG_GIVEN)

    def of_family(self, surname: str) -> str:
        return surname + self._random.choice(YOUNG_GIVEN)

    def _new(self, given: list[str]) -> str:
        for _ in range(50):
            name = self.surname() + self._random.choice(given)
            if name not in self._used:
                break
        else:
            name = self.surname() + self._random.choice(given)[0] + self._random.choice(given)[-1]
        self._used.add(name)
        return name

    def phone(self) -> str:
        """A number from a block that no operator hands out."""
        return f"1{self._random.choice('3578')}0{self._random.randrange(10**8):08d}"

    def shops(self) -> Iterator[tuple[str, str]]:
        """(name, trade) without end; repeated names get a branch number as in a real town."""
        seen: dict[str, int] = {}
        while True:
            trade, brands = self._random.choice(TRADES)
            name = f"{self._random.choice(brands)}{trade}"
            seen[name] = seen.get(name, 0) + 1
            yield (name if seen[name] == 1 else f"{name}{_branch(seen[name])}"), trade


def _branch(number: int) -> str:
    return f"（{number}店）"
