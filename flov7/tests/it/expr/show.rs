//! The canonical spelling of an expression.

use flov7::expr::{Limits, parse};

#[test]
fn one_spelling() {
    for (source, expected) in [
        ("steps.total>500", "steps.total > 500"),
        ("((1+2))*3", "(1 + 2) * 3"),
        ("1+(2*3)", "1 + 2 * 3"),
        ("1-(2-3)", "1 - (2 - 3)"),
        ("(1-2)-3", "1 - 2 - 3"),
        ("a&&(b||c)", "a && (b || c)"),
        ("(a&&b)||c", "a && b || c"),
        ("!(a==b)", "!(a == b)"),
        ("-(-x)", "--x"),
        ("-(5)", "-(5)"),
        ("- -5", "-(-5)"),
        ("-(4).a", "-(4.a)"),
        ("--0.a[1].size()", "-(0.a[1].size())"),
        ("(-5).string", "(-5).string"),
        ("(a?b:c)?d:e", "(a ? b : c) ? d : e"),
        ("a?b:c?d:e", "a ? b : c ? d : e"),
        ("a?(b?c:d):e", "a ? (b ? c : d) : e"),
        ("a[\"b\"]['c-d']", "a.b[\"c-d\"]"),
        ("a.`x-y`.?b[?0]", "a[\"x-y\"].?b[?0]"),
        ("a[?'in']", "a[?\"in\"]"),
        ("steps['x']", "steps.x"),
        ("steps.?x", "steps.?x"),
        ("'it\\'s \"x\"\\n\\u0001'", "\"it's \\\"x\\\"\\n\\u0001\""),
        ("[ ?a.?b , 1 ]", "[?a.?b, 1]"),
        ("{'a' : 1, ?\"b\":c.?d}", "{\"a\": 1, ?\"b\": c.?d}"),
        ("x.map(y,y>1,y*2)", "x.map(y, y > 1, y * 2)"),
        ("x.existsOne(y,y)", "x.exists_one(y, y)"),
        ("x.exists_one(i,y,y>i)", "x.existsOne(i, y, y > i)"),
        ("x.transformMap(k,v,k!='a',v)", "x.transformMap(k, v, k != \"a\", v)"),
        ("cel.bind( y,a+b,y*y )", "cel.bind(y, a + b, y * y)"),
        ("cel . bind(y,1,y).a", "cel.bind(y, 1, y).a"),
        ("a.?b.optMap(x,x+1)", "a.?b.optMap(x, x + 1)"),
        ("'%d'.format([1])", "\"%d\".format([1])"),
        ("strings.quote(a)", "strings.quote(a)"),
        ("size( x )+x.size()", "size(x) + x.size()"),
        ("math.round( x,2 )", "math.round(x, 2)"),
        ("(1+2).string", "(1 + 2).string"),
        ("has( a.b )", "has(a.b)"),
        ("1.50 + 0x10 + 1e21 + 1e3", "1.5 + 16 + 1e21 + 1000"),
        ("x in [1] == true", "x in [1] == true"),
        ("x in ([1] == true)", "x in ([1] == true)"),
        ("null==true // why", "null == true"),
        ("now-timestamp('x')", "now - timestamp(\"x\")"),
    ] {
        let expr = parse(source, &Limits::default()).unwrap_or_else(|e| panic!("{source}: {e:?}"));
        assert_eq!(expr.to_string(), expected, "{source}");
        let again = parse(expected, &Limits::default()).unwrap_or_else(|e| panic!("{expected}: {e:?}"));
        assert_eq!(again.to_string(), expected, "{source} read again");
    }
}
