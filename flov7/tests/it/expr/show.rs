//! The canonical spelling of an expression.

use flov7::expr::{ArithmeticOp, Ast, Expr, ExprKind, Limits, NodeId, VarId, parse};

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
        ("{(x): 1}", "{(x): 1}"),
        ("{?(x): a.?b, (now): 1, true: 2}", "{?(x): a.?b, (now): 1, true: 2}"),
        ("{((x.y)): (x), (x)+'': 1}", "{x.y: x, x + \"\": 1}"),
        ("{(x ? y : z): 1}", "{x ? y : z: 1}"),
        ("a.transformMapEntry(i,y,{(x):y})", "a.transformMapEntry(i, y, {(x): y})"),
        ("a.transformMapEntry(i,y,{y:i,(i):x})", "a.transformMapEntry(i, y, {y: i, i: x})"),
        ("a[('b')][?('c')]", "a[(\"b\")][?(\"c\")]"),
        ("(math).size() + math.abs(1)", "(math).size() + math.abs(1)"),
        ("(url).map(x, x) + (strings).join(x)", "(url).map(x, x) + (strings).join(x)"),
        ("a.map(math, math.size())", "a.map(math, math.size())"),
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
        assert_eq!(tree(&again), tree(&expr), "{source} is read again as the same tree");
    }
}

/// The tree, without the places in the text. A chain of one level of arithmetic is one row, however it was nested: it
/// is read from the left either way.
fn tree(expr: &Expr) -> String {
    shape(expr.ast(), expr.ast().root())
}

fn shape(ast: &Ast, id: NodeId) -> String {
    let all = |ids: &[NodeId]| ids.iter().map(|id| shape(ast, *id)).collect::<Vec<_>>().join(" ");
    let name = |id: &VarId| format!("{}{}", ast.variable(*id).name(), ast.variable(*id).depth());
    match &ast.node(id).kind {
        ExprKind::Reference { reference, optional } => {
            format!("({:?} {optional})", ast.reference(*reference).name())
        }
        ExprKind::Variable(variable) => name(variable),
        ExprKind::Select { base, member, optional } => {
            format!("(select {} {member:?} {optional})", shape(ast, *base))
        }
        ExprKind::Index { base, key, optional } => format!("(index {} {optional})", all(&[*base, *key])),
        ExprKind::Call { function, args, form } => format!("({} {form:?} {})", function.name(), all(args)),
        ExprKind::List(elements) => {
            let of: Vec<_> =
                elements.iter().map(|e| format!("{} {}", e.optional, shape(ast, e.value))).collect();
            format!("(list {})", of.join(" "))
        }
        ExprKind::Map(entries) => {
            let of: Vec<_> =
                entries.iter().map(|e| format!("{} {}", e.optional, all(&[e.key, e.value]))).collect();
            format!("(map {})", of.join(" "))
        }
        ExprKind::Unary { op, operand } => format!("({op:?} {})", shape(ast, *operand)),
        ExprKind::Arithmetic { first, rest } => {
            let level = |op: ArithmeticOp| matches!(op, ArithmeticOp::Add | ArithmeticOp::Subtract);
            let mut row = shape(ast, *first);
            if let ExprKind::Arithmetic { rest: inner, .. } = &ast.node(*first).kind
                && level(inner[0].0) == level(rest[0].0)
            {
                row = row[1..row.len() - 1].to_owned();
            }
            for (op, operand) in rest {
                row = format!("{row} {op:?} {}", shape(ast, *operand));
            }
            format!("({row})")
        }
        ExprKind::Compare { op, left, right } => format!("({op:?} {})", all(&[*left, *right])),
        ExprKind::Logic { op, operands } => format!("({op:?} {})", all(operands)),
        ExprKind::Ternary { condition, then, otherwise } => {
            format!("(if {})", all(&[*condition, *then, *otherwise]))
        }
        ExprKind::Has(operand) => format!("(has {})", shape(ast, *operand)),
        ExprKind::Macro { kind, range, variable, second, filter, body } => {
            let parts: Vec<_> = filter.iter().chain([body]).copied().collect();
            let second = second.as_ref().map(name);
            format!("({kind:?} {} {second:?} {} of {})", name(variable), all(&parts), shape(ast, *range))
        }
        leaf => format!("{leaf:?}"),
    }
}

/// Every shape in every place of every other, two deep: whatever the parser makes is shown so that it is read as the
/// same tree.
#[test]
fn what_is_shown_is_read_as_the_same_tree() {
    const SHAPES: &[&str] = &[
        "(#) ? (#) : (#)",
        "(#) || (#)",
        "(#) && (#)",
        "(#) == (#)",
        "(#) in (#)",
        "(#) + (#)",
        "(#) - (#)",
        "(#) * (#)",
        "(#) / (#)",
        "!(#)",
        "-(#)",
        "(#).m",
        "(#).?m",
        "(#)['in']",
        "(#)[(#)]",
        "(#)[?(#)]",
        "(#).size()",
        "size(#)",
        "(#).startsWith(#)",
        "math.greatest(#, #)",
        "[(#), ?(#)]",
        "{(#): (#), ?(#): (#)}",
        "has((#).m)",
        "now",
        "x",
        "(#).map(x, #)",
        "(#).map(x, #, #)",
        "(#).all(x, #)",
        "(#).exists(i, x, #)",
        "(#).existsOne(i, x, #)",
        "(#).transformMapEntry(x, math, {(#): (#)})",
        "(#).optMap(math, #)",
        "cel.bind(x, #, #)",
        "math",
        "cel",
        "lists",
        "steps.a",
        "steps.?in_",
        "steps['a-b']",
        "'text'",
        "7",
        "-7",
        "-2.5",
        "1e300",
        "null",
        "true",
        "(#).range(#)",
        "optional.of(#)",
        "optional.none()",
        "(#).orValue(#)",
        "(#).abs()",
        "(#).slice(#, #)",
    ];
    let mut held = 0;
    for outer in SHAPES {
        for inner in SHAPES {
            let middle = outer.replace('#', inner);
            for leaf in ["x", "math", "now", "'m'", "-1", "steps.a"] {
                let source = middle.replace('#', leaf);
                let Ok(expr) = parse(&source, &Limits::default()) else { continue };
                let shown = expr.to_string();
                let again = parse(&shown, &Limits::default())
                    .unwrap_or_else(|e| panic!("{source:?} is shown as {shown:?}, which is refused: {e:?}"));
                assert_eq!(tree(&again), tree(&expr), "{source:?} is shown as {shown:?}");
                held += 1;
            }
        }
    }
    assert!(held > 10_000, "{held} expressions were read");
}
