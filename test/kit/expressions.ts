// Expressions that both evaluators are given, one a line.
export const WRITTEN = `
{ "text": body.user.name & " asks for help" }
body.items.p
body.items[p > 2].k
body.items[0]
body.items[-1].k
body.items[[0,1]].k
body.items[[0..1]].k
body.one.p
body.one[].p
body.one.p[]
body.one
body.items.(p * q)
$sum(body.items.(p * q))
body.items.{ "a": p, "b": $string(q) }
body.items{ k: $sum(p) }
body.items{ k: p }
body.items{ k: $ }
{ "n": $count(body.items), "l": body.items.k }
body.items^(p).p
body.items^(>p).p
body.items^(k, >q).q
body.user.*
body.*.p
body.nested
body.nested.$
body.nested[0]
body.nested[1][0]
body.**.p
body.user.**
$count(body.**)
body.items.in
body.nested.**
[body.items.p, body.user.age]
[[body.items.p], 1]
[body.nested, [body.nested]]
body.[user.name, user.age]
[1, 2].($ * 2)
[1..5]
[1..5][$ > 2]
[body.zero..3]
[3..1]
"a" & 1 & true & null & body.nope & [1, 2] & {"a": 0.1}
0.1 + 0.2
$string(0.1 + 0.2)
7 % 4
-body.user.age
-7 % 4
10 / 4
body.user.age = 36
body.user.age != 36
body.nope = body.nope
body.nope != 1
[1, {"a": [2]}] = [1, {"a": [2]}]
{"a": 1, "b": 2} = {"b": 2, "a": 1}
"a" < "b"
"a" in body.user.tags
3 in body.items.p
body.yes and body.zero
body.yes or body.zero
body.empty or body.none
body.nope or body.user.name
body.zero ? "a" : "b"
body.empty ? "a" : "b"
body.none ? "a" : "b"
body.nope ? "a"
body.user.mail ?: "none"
body.user.nope ?? "none"
body.user.mail ?? "none"
($x := 3; $y := $x + 1; [$x, $y])
($x := 1; ($x := 2); $x)
($f := function($a, $b) { $a & $b }; $f("x", "y"))
($f := function($n) { $n <= 1 ? 1 : $n * $f($n - 1) }; $f(10))
($f := function($n, $a) { $n = 0 ? $a : $f($n - 1, $a + $n) }; $f(300, 0))
($even := function($n) { $n = 0 ? true : $odd($n - 1) }; $odd := function($n) { $n = 0 ? false : $even($n - 1) }; $even(50))
(λ($x) { $x * 2 })(4)
$map(body.items, function($v, $i) { $i & ":" & $v.k })
$map(body.items.p, $string)
$filter(body.items, function($v) { $v.p > 2 }).k
$filter(body.items.p, function($v, $i, $all) { $i < $count($all) - 1 })
$reduce(body.items.p, function($a, $b) { $a + $b })
$reduce(body.items.p, function($a, $b) { $a + $b }, 100)
$reduce([], function($a, $b) { $a + $b }, 100)
$single(body.items, function($v) { $v.k = "y" }).p
$each(body.user, function($v, $k) { $k & "=" & $string($v) })
$sift(body.user, function($v, $k) { $k = "name" })
$sift(body.user, function($v) { $v = 1 })
$keys(body.user)
$keys(body.items)
$lookup(body.user, "name")
$lookup(body.items, "p")
$spread(body.user)
$spread(body.items)
$merge([body.user, {"name": "B"}])
$merge(body.items)
$append([1, 2], 3)
$append(1, [2, 3])
$append(body.nope, 3)
$reverse([1, 2, 3])
$sort([3, 1, 2])
$sort(["b", "a"])
$sort(body.items, function($a, $b) { $a.p > $b.p }).p
$distinct(body.user.tags)
$distinct([1, "1", {"a": 1}, {"a": 1}, [1], [1]])
$zip([1, 2], ["a", "b", "c"])
$zip([1, 2])
$exists(body.nope)
$exists(body.user)
$boolean([0, [0]])
$boolean([0, 1])
$not(body.zero)
$not(body.nope)
$type(body.user)
$type(body.items)
$type(null)
$type(body.user.name)
$type($sum)
$uppercase(body.user.name)
$lowercase("ÄÖ")
$length("a😀b")
$substring("hello", 1, 3)
$substring("hello", -3)
$substring("hello", -3, 2)
$substring("hello", 10)
$substring("a😀b", 1, 1)
$substring("hello", -10, 2)
$substring("hello", 0, 0)
$substringBefore("a-b", "-")
$substringAfter("a-b", "-")
$substringAfter("a-b", "x")
body.user.name.$substringBefore(" ")
body.user.name ~> $substringAfter(" ")
$trim(body.text)
$pad("x", 5) & "|"
$pad("x", -5, "ab")
$pad("xyz", 2)
$contains("abc", "b")
$split("a,b,c", ",")
$split("a,b,c", ",", 2)
$split("abc", "")
$join(["a", "b"], "-")
$join(body.user.tags)
$replace("aXbXc", "X", "-")
$replace("aXbXc", "X", "$0", 1)
$base64encode("hello")
$base64decode("aGVsbG8=")
$encodeUrlComponent("a b/ä")
$encodeUrl("https://x.example/ä b")
$decodeUrlComponent("a%20b")
$decodeUrl("a%20b")
$number("12.5e1")
$number("0x10")
$number(true)
$abs(-3)
$floor(-1.5)
$ceil(1.2)
$round(2.5)
$round(3.5)
$round(123.456, 2)
$round(1250, -2)
$round(-0.4)
$sqrt(16)
$power(2, 10)
$formatBase(255, 16)
$formatBase(-2.5, 2)
$sum([])
$max(body.items.p)
$min([])
$average(body.items.p)
$count(body.nope)
$toMillis(body.when)
$toMillis("2026")
$fromMillis(1777777777777)
$clone(body.user)
body ~> |$|{"age": 1}|
body ~> |items|{"total": p * q}, "k"|
body ~> |items[p > 2]|{}, ["k", "q"]|
body.user ~> |$|{"self": name}, "nope"|
body.items.p ~> $sum()
body.items.p ~> $sum
($sum2 := $map(?, function($x) { $x * 2 }); $sum2([1, 2]))
($first := $substring(?, 0, 1); $first("abc"))
($f := function($a, $b) { $a - $b }; $g := $f(?, 1); $g(5))
(body.user.name ~> ($uppercase ~> $length))
($trimmed := $trim ~> $uppercase; $trimmed(" a "))
body.\`with space\`.\`@id\`
body."with space"
$$.source
$.source
$string({"a": [1, "x", null, true], "f": $sum})
event.type
headers."content-type"
body.items.($p := p; q + $p)
body.items[$.k = "x"].p
body.items[k = "x"][1].q
body.items.(k = "x" ? p : q)
body.user.tags[$ = "a"]
body.user.(name & " " & $string(age))
{ "a": { "b": body.none }, "c": [] }
body.items.k[0]
(body.items.k)[0]
body.items[0].k[0]
body.items.in[0]
body.nested.$[0]
$string(body)
body.zero[0]
body.none.x
[body.none]
{ "x": body.nope, "y": [body.nope] }
body.items.[p, q]
body.items.[p]
[body.one.p]
body.one.{ "x": p }
body.one^(p)
body.empty
body.empty[0]
body.nested[[0]]
$map([[1, 2], [3]], function($l) { $l })
$map([1], function($l) { $l })
$map([1, 2], function($l) { [$l] })
$map(body.nope, $string)
$filter([1], function($l) { true })
[$map([1], function($l) { $l })]
$boolean(body.none)
$boolean("")
`
  .split("\n")
  .filter((line) => line !== "");
