import {
  comment,
  enter,
  escaped,
  lazy,
  lazyBy,
  leave,
  type Mode,
  makeMode,
  type Rule,
  skip,
} from "./mode.ts";

const plain = lazy(() => makeMode("text", [["'", leave]]));
const withEscapes = lazy(() => makeMode("text", [escaped, ["'", leave]]));
const doubleQuoted = lazy(() => makeMode("text", [escaped, ...substitutions(true), ['"', leave]]));

/** Quotes as they stand in code. */
const quotes: readonly Rule[] = [
  [String.raw`\$'`, enter(withEscapes)],
  ["'", enter(plain)],
  [String.raw`\$?"`, enter(doubleQuoted)],
];

/** What the shell works out, in code and in double quotes. */
function substitutions(isQuoted: boolean): readonly Rule[] {
  return [
    [String.raw`\$\(\(`, { kind: "enter", mode: arithmetic, depth: 1 }],
    [String.raw`\$\(`, enter(() => shell)],
    [String.raw`\$\{`, enter(isQuoted ? quotedParameter : parameter)],
    ["`", enter(inBackticks)],
  ];
}

const parentheses: readonly Rule[] = [
  [String.raw`\(`, { kind: "open" }],
  [String.raw`\)`, { kind: "close" }],
];

/** In it, `<<` shifts and `#` names a base. */
const arithmetic = lazy(() => makeMode(null, [escaped, ...quotes, ...substitutions(false), ...parentheses]));

/** In `${…}` a `#` begins no comment. */
const parameter = lazy(() =>
  makeMode(null, [escaped, ...quotes, ...substitutions(false), [String.raw`\}`, leave]]),
);
const quotedParameter = lazy(() =>
  makeMode(null, [escaped, ['"', enter(doubleQuoted)], ...substitutions(true), [String.raw`\}`, leave]]),
);

function codeRules(): readonly Rule[] {
  return [
    escaped,
    ["#(?<![^\\s;&|()`]#)[^\\n]*", comment],
    ...quotes,
    [String.raw`\(\(`, { kind: "enter", mode: arithmetic, depth: 1 }],
    ["<<<", skip],
    [
      String.raw`<<-?[ \t]*(?:'[^'\n]*'|"[^"\n]*"|\\.|[^\s;&|<>()'"\\])+`,
      { kind: "enterNextLine", mode: (opening) => hereDocument(opening) },
    ],
    [String.raw`\n`, { kind: "lineEnd" }],
    ...parentheses,
  ];
}

/** The lines up to the one that holds the word alone. Its quotes say that nothing in them is worked out. */
const hereDocument = lazyBy((opening) => {
  const [, dash = "", word = ""] = /^<<(-?)[ \t]*([\s\S]*)$/.exec(opening) ?? [];
  const end = word.replaceAll(/\\(.)|['"]/g, "$1").replaceAll(/[^\w]/g, String.raw`\$&`);
  const rules: readonly Rule[] = /['"\\]/.test(word) ? [] : [escaped, ...substitutions(true)];
  return makeMode("text", [...rules, [`^${dash === "" ? "" : "\\t*"}${end}\\r?$\\n?`, leave]]);
});

const inBackticks = lazy(() =>
  makeMode(null, [["`", leave], ...codeRules(), ...substitutions(false).filter(([form]) => form !== "`")]),
);

/** The shells that descend from Bourne's. */
export const shell: Mode = makeMode(null, [...codeRules(), ...substitutions(false)]);
