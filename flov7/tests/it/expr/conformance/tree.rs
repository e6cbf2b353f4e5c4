//! A tree in the notation of the fixtures: calls, members and folds in brackets, as cel-go parses them.

use flov7::expr::{
    ArithmeticOp, Ast, CompareOp, ExprKind, Form, LogicOp, MacroKind, NodeId, RootName, UnaryOp,
};

/// The tree of a node.
pub(super) fn tree(ast: &Ast, id: NodeId) -> String {
    let of = |id: NodeId| tree(ast, id);
    let json = |text: &str| serde_json::Value::from(text).to_string();
    match &ast.node(id).kind {
        ExprKind::Null => "null".to_owned(),
        ExprKind::Bool(truth) => truth.to_string(),
        ExprKind::Number(number) => number.text(),
        ExprKind::Text(text) => json(text),
        ExprKind::Now => "now".to_owned(),
        ExprKind::Reference { reference, optional } => match ast.reference(*reference).name() {
            RootName::Root(name) => name.to_string(),
            RootName::Step(id) => format!("({} steps {})", if *optional { "_?._" } else { "." }, json(id)),
        },
        ExprKind::Variable(variable) => ast.variable(*variable).name().to_owned(),
        ExprKind::Select { base, member, optional } => {
            format!("({} {} {})", if *optional { "_?._" } else { "." }, of(*base), json(member))
        }
        ExprKind::Index { base, key, optional } => {
            format!("({} {} {})", if *optional { "_[?_]" } else { "_[_]" }, of(*base), of(*key))
        }
        ExprKind::Call { function, args, form } => {
            let args: Vec<String> = args.iter().map(|arg| of(*arg)).collect();
            match (form, function.name().split_once('.')) {
                (Form::Member, _) => call(&format!(".{}", function.name()), &args),
                (_, Some((space, name))) => {
                    call(&format!(".{name}"), &[&[space.to_owned()], args.as_slice()].concat())
                }
                _ => call(function.name(), &args),
            }
        }
        ExprKind::List(elements) => {
            let items: Vec<String> = elements
                .iter()
                .map(|element| format!("{}{}", if element.optional { "?" } else { "" }, of(element.value)))
                .collect();
            format!("[{}]", items.join(" "))
        }
        ExprKind::Map(entries) => {
            let items: Vec<String> = entries
                .iter()
                .map(|entry| {
                    format!("{}{} {}", if entry.optional { "?" } else { "" }, of(entry.key), of(entry.value))
                })
                .collect();
            format!("{{{}}}", items.join(" "))
        }
        ExprKind::Unary { op, operand } => match &ast.node(*operand).kind {
            // Two signs in a row, with no parenthesis between them, cancel out in cel-go.
            ExprKind::Unary { op: inner, operand: inside }
                if inner == op && ast.span(*operand).start == ast.span(id).start + 1 =>
            {
                of(*inside)
            }
            ExprKind::Number(number)
                if *op == UnaryOp::Negate
                    && number.text().starts_with('-')
                    && ast.span(*operand).start == ast.span(id).start + 1 =>
            {
                number.text().trim_start_matches('-').to_owned()
            }
            _ => format!("({} {})", if *op == UnaryOp::Not { "!_" } else { "-_" }, of(*operand)),
        },
        ExprKind::Arithmetic { first, rest } => rest.iter().fold(of(*first), |left, (op, right)| {
            let name = match op {
                ArithmeticOp::Add => "_+_",
                ArithmeticOp::Subtract => "_-_",
                ArithmeticOp::Multiply => "_*_",
                ArithmeticOp::Divide => "_/_",
                ArithmeticOp::Remainder => "_%_",
            };
            format!("({name} {left} {})", of(*right))
        }),
        ExprKind::Compare { op, left, right } => {
            let name = match op {
                CompareOp::In => "@in".to_owned(),
                op => format!("_{}_", op.symbol()),
            };
            format!("({name} {} {})", of(*left), of(*right))
        }
        ExprKind::Logic { op, operands } => {
            let name = if *op == LogicOp::And { "_&&_" } else { "_||_" };
            let terms: Vec<String> = operands.iter().map(|operand| of(*operand)).collect();
            balanced(name, &terms)
        }
        ExprKind::Ternary { condition, then, otherwise } => {
            format!("(_?_:_ {} {} {})", of(*condition), of(*then), of(*otherwise))
        }
        ExprKind::Has(operand) => match &ast.node(*operand).kind {
            ExprKind::Select { base, member, .. } => format!("(has {} {})", of(*base), json(member)),
            _ => of(*operand),
        },
        ExprKind::Macro { kind, range, variable, second, filter, body } => {
            let name = ast.variable(*variable).name();
            let (range, body) = (of(*range), of(*body));
            let filter = filter.map(of);
            if let Some(second) = second {
                let name = format!("{name} {}", ast.variable(*second).name());
                let parts: Vec<String> = [range, name].into_iter().chain(filter).chain([body]).collect();
                return call(&format!(".{}", kind.name()), &parts);
            }
            folded(*kind, &range, name, filter, &body)
        }
        other => panic!("no notation for {other:?}"),
    }
}

fn call(name: &str, args: &[String]) -> String {
    let parts: Vec<&str> = [name].into_iter().chain(args.iter().map(String::as_str)).collect();
    format!("({})", parts.join(" "))
}

/// cel-go keeps long chains of one operator in a balanced tree.
fn balanced(name: &str, terms: &[String]) -> String {
    match terms {
        [one] => one.clone(),
        _ => {
            let middle = terms.len() / 2;
            let (left, right) =
                terms.split_at(middle.max(1) + (terms.len() % 2) * usize::from(terms.len() > 2));
            format!("({name} {} {})", balanced(name, left), balanced(name, right))
        }
    }
}

/// A macro with one variable, as cel-go expands it.
fn folded(kind: MacroKind, range: &str, name: &str, filter: Option<String>, body: &str) -> String {
    let fold = |init: &str, condition: &str, step: &str, result: &str| {
        format!("(fold {name} {range} @result {init} {condition} {step} {result})")
    };
    match kind {
        MacroKind::All => {
            fold("true", "(@not_strictly_false @result)", &format!("(_&&_ @result {body})"), "@result")
        }
        MacroKind::Exists => {
            fold("false", "(@not_strictly_false (!_ @result))", &format!("(_||_ @result {body})"), "@result")
        }
        MacroKind::ExistsOne => {
            fold("0", "true", &format!("(_?_:_ {body} (_+_ @result 1) @result)"), "(_==_ @result 1)")
        }
        MacroKind::Map | MacroKind::Filter => {
            let made = if kind == MacroKind::Map { body } else { name };
            let step = format!("(_+_ @result [{made}])");
            let filter = if kind == MacroKind::Filter { Some(body.to_owned()) } else { filter };
            let step = filter.map_or(step.clone(), |filter| format!("(_?_:_ {filter} {step} @result)"));
            fold("[]", "true", &step, "@result")
        }
        MacroKind::Bind => format!("(.bind cel {name} {range} {body})"),
        kind => format!("(.{} {range} {name} {body})", kind.name()),
    }
}
