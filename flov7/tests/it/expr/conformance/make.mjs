// Makes the fixtures beside this file from the npm package `@bufbuild/cel-spec`:
//
//   npm install --prefix DIR @bufbuild/cel-spec@0.6.1 && node make.mjs DIR
//
// Kept are the cases that speak of JSON: no protobuf messages, no functions that a case declares itself, no containers
// of names, no `cel.block` (which optimisers write, not people). The count of what is left out stands in `outside.json`.
// One case per line: `name`, `expr`, and where there are any `vars` (values), `types` (of names), `value` or `fails`,
// `tree` (the parsed tree, without ids, in brackets) and `type`. What cel-go refuses only because optional reads or names
// in back-ticks were not switched on there is asked for nothing but that it parses.
import { createRequire } from "node:module";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const data = join(resolve(process.argv[2]), "node_modules/@bufbuild/cel-spec/dist/esm/testdata/");
const version = createRequire(join(data, "x.js"))("../../../package.json").version;
const here = import.meta.dirname;

// ---- what is outside

const MESSAGE =
  /TestAllTypes|google\.protobuf|cel\.expr|google\.expr|messageType|pb[23]\b|\b(?!in\b)[A-Za-z]\w*\s*\{\s*(\w+\s*:|\}|\?|`)|GlobalEnum|single_nested/;

function outside(test) {
  const { expr, bindings, typeEnv, value, typedResult, container } = test.original;
  const text = JSON.stringify([bindings, typeEnv, value, typedResult])
    .replaceAll('"type.googleapis.com/google.protobuf.Timestamp"', "")
    .replaceAll('"type.googleapis.com/google.protobuf.Duration"', "");
  if (MESSAGE.test(text)) return "messages";
  const words = expr.replace(/r?"([^"\\\n]|\\.)*"|r?'([^'\\\n]|\\.)*'/g, '""');
  if (MESSAGE.test(words)) return "messages";
  if ((typeEnv ?? []).some((entry) => entry.function)) return "own functions";
  if (/\bcel\s*\.\s*block\b|cel\.iterVar/.test(expr)) return "cel.block";
  const names = [...Object.keys(bindings ?? {}), ...(typeEnv ?? []).map((entry) => entry.name)];
  if (names.some((name) => name.includes(".") || ["true", "false", "null"].includes(name))) return "containers";
  return null;
}

// ---- values: JSON with numbers as they are written

const raw = (text) => ({ raw: text });
const json = (value) =>
  JSON.stringify(value, (_, v) => (v && v.raw !== undefined ? `\u0001${v.raw}\u0001` : v)).replace(
    /"\\u0001([^"]*?)\\u0001"/g,
    "$1",
  );

function double(value) {
  const number = Number(value);
  if (!Number.isFinite(number)) return { $double: String(value) };
  // With an exponent where digits alone would be read as an integer.
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? raw(number.toExponential()) : number + 0;
}

function plain(value) {
  const [kind, inner] = Object.entries(value)[0] ?? ["nullValue", null];
  switch (kind) {
    case "int64Value":
    case "uint64Value":
      return raw(String(inner));
    case "doubleValue":
      return double(inner);
    case "bytesValue":
      return { $bytes: inner };
    case "typeValue":
      return { $type: inner };
    case "listValue":
      return (inner.values ?? []).map(plain);
    case "mapValue": {
      const entries = (inner.entries ?? []).map((entry) => [plain(entry.key), plain(entry.value)]);
      if (entries.every(([key]) => typeof key === "string")) return Object.fromEntries(entries);
      return { $map: entries };
    }
    case "objectValue":
      return inner["@type"].endsWith("Duration") ? { $duration: inner.value } : { $time: inner.value };
    case "nullValue":
      return null;
    default:
      return inner;
  }
}

// ---- types, in cel-go's words

function type(t) {
  if (t.primitive) return { INT64: "int", UINT64: "uint" }[t.primitive] ?? t.primitive.toLowerCase();
  if (t.wellKnown) return t.wellKnown.toLowerCase();
  if (t.wrapper) return `wrapper(${type({ primitive: t.wrapper })})`;
  if (t.listType) return `list(${type(t.listType.elemType)})`;
  if (t.mapType) return `map(${type(t.mapType.keyType)}, ${type(t.mapType.valueType)})`;
  if (t.abstractType) return `${t.abstractType.name}(${(t.abstractType.parameterTypes ?? []).map(type).join(", ")})`;
  if ("null" in t) return "null";
  return "dyn";
}

// ---- trees: from cel-go's debug text

const OPERATORS = [
  "_?_:_", "_[_]", "_&&_", "_||_", "_==_", "_!=_", "_<=_", "_<_", "_>=_", "_>_", "_+_", "_-_", "_*_", "_/_", "_%_",
  "!_", "-_", "@in", "@not_strictly_false", "__comprehension__",
];
const ESCAPES = { a: "\x07", b: "\b", t: "\t", n: "\n", v: "\v", f: "\f", r: "\r", '"': '"', "\\": "\\" };

function tree(text) {
  let at = 0;
  const blanks = () => {
    for (;;) {
      while (/\s/.test(text[at] ?? "")) at++;
      if (!text.startsWith("// ", at)) return;
      at = text.indexOf("\n", at);
    }
  };
  const take = (sign) => {
    blanks();
    if (!text.startsWith(sign, at)) return false;
    at += sign.length;
    return true;
  };
  const need = (sign) => {
    if (!take(sign)) throw new Error(`no ${sign} at ${text.slice(at, at + 30)}`);
  };
  const adorned = () => {
    while (text.startsWith("^#", at)) at = text.indexOf("#", at + 2) + 1;
  };
  const quoted = () => {
    let out = "";
    for (at++; text[at] !== '"'; at++) {
      if (text[at] !== "\\") {
        out += text[at];
        continue;
      }
      at++;
      const size = { x: 2, u: 4, U: 8 }[text[at]];
      if (size) {
        out += String.fromCodePoint(Number.parseInt(text.slice(at + 1, at + 1 + size), 16));
        at += size;
      } else {
        out += ESCAPES[text[at]];
      }
    }
    at++;
    return out;
  };
  const list = (close) => {
    const items = [];
    while (!take(close)) {
      items.push(expr());
      take(",");
    }
    return items;
  };
  const primary = () => {
    blanks();
    if (text[at] === '"') return JSON.stringify(quoted());
    if (text.startsWith('b"', at)) {
      at++;
      return `b${JSON.stringify(quoted())}`;
    }
    if (take("[")) return `[${list("]").join(" ")}]`;
    if (take("{")) {
      const entries = [];
      while (!take("}")) {
        const key = expr();
        need(":");
        entries.push(`${key} ${expr()}`);
        adorned();
        take(",");
      }
      return `{${entries.join(" ")}}`;
    }
    const number = /^(-?(?:\d[\d.]*(?:e[+-]?\d+)?|Inf)u?|\+Inf|NaN)(?=\^#\*expr\.Constant_(\w+)#)/.exec(text.slice(at));
    if (number) {
      at += number[0].length;
      if (number[2] !== "DoubleValue") return number[1];
      return String(Number(number[1]) + 0);
    }
    const operator = OPERATORS.find((name) => text.startsWith(`${name}(`, at));
    if (operator) {
      at += operator.length + 1;
      const args = list(")");
      if (operator === "_[_]" && args[1].startsWith('"')) return `(. ${args[0]} ${args[1]})`;
      return `(${operator === "__comprehension__" ? "fold" : operator} ${args.join(" ")})`;
    }
    const name = /^[.@#\w]+/.exec(text.slice(at));
    if (!name) throw new Error(`no expression at ${text.slice(at, at + 30)}`);
    at += name[0].length;
    return take("(") ? `(${[name[0], ...list(")")].join(" ")})` : name[0];
  };
  const expr = () => {
    let base = primary();
    adorned();
    for (;;) {
      const member = /^\.([A-Za-z_]\w*)(\(|~test-only~)?/.exec(text.slice(at));
      if (!member) return base;
      at += member[0].length;
      if (member[2] === "(") base = `(${[`.${member[1]}`, base, ...list(")")].join(" ")})`;
      else base = `(${member[2] ? "has" : "."} ${base} ${JSON.stringify(member[1])})`;
      adorned();
    }
  };
  return expr();
}

// ---- cases

// The names that cel-go's checker tests declare for all of their cases.
const NAMES = { is: "string", ii: "int", iu: "uint", iz: "bool", ib: "bytes", id: "double", ix: "null" };
const used = (name, expr) => new RegExp(`\\b${name}\\b`).test(expr.replace(/"[^"]*"|'[^']*'/g, ""));

const left = {};
const files = {
  conformance: "the cases of the specification",
  parsing: "parser cases of cel-go",
  checking: "checker cases of cel-go",
  comprehension: "cases of cel-go for macros with two variables",
};
let all = 0;
for (const file of Object.keys(files)) {
  const { tests } = await import(join(data, `${file}.js`));
  const lines = [];
  const seen = new Map();
  const walk = (suite, path) => {
    for (const test of suite.tests ?? []) {
      all++;
      const reason = outside(test);
      if (reason) {
        left[reason] = (left[reason] ?? 0) + 1;
        continue;
      }
      const { original } = test;
      let name = [...path, original.name ?? original.expr.replace(/\s+/g, " ").slice(0, 80).trim()].join("/");
      const count = (seen.get(name) ?? 0) + 1;
      seen.set(name, count);
      if (count > 1) name += ` #${count}`;
      const item = { name, expr: original.expr };
      const vars = Object.entries(original.bindings ?? {}).map(([key, bound]) => [key, plain(bound.value)]);
      if (vars.length) item.vars = Object.fromEntries(vars);
      const types = (original.typeEnv ?? []).map((entry) => [entry.name, type(entry.ident.type)]);
      if (file === "checking") types.push(...Object.entries(NAMES).filter(([id]) => used(id, original.expr)));
      if (types.length) item.types = Object.fromEntries(types);
      const valued = file === "conformance" && !original.checkOnly;
      if (original.evalError) item.fails = true;
      else if (valued && original.value) item.value = plain(original.value);
      else if (valued && original.typedResult?.result) item.value = plain(original.typedResult.result);
      else if (valued && !original.typedResult) item.value = true;
      // Of a parser case that it is refused, of a checker case that it does not check.
      const errors = (test.error ?? "").match(/ERROR: .*/g) ?? [];
      const switchedOff = errors.length > 0 && errors.every((error) => error.includes("unsupported syntax"));
      if (file === "parsing" && !test.ast && !switchedOff) item.fails = true;
      if (file === "checking" && test.error && !switchedOff) item.fails = true;
      if (test.ast) item.tree = tree(test.ast);
      const deduced = original.typedResult?.deducedType;
      const known = deduced ? type(deduced) : test.type;
      if (known) item.type = known;
      lines.push(json(item));
    }
    for (const inner of suite.suites ?? []) walk(inner, [...path, inner.name]);
  };
  walk(tests, []);
  writeFileSync(join(here, `${file}.json`), `[\n${lines.join(",\n")}\n]\n`);
  console.log(file, lines.length);
}
writeFileSync(
  join(here, "outside.json"),
  `${JSON.stringify({ package: `@bufbuild/cel-spec ${version}`, cases: all, outside: left }, null, 2)}\n`,
);
console.log(all, left);
