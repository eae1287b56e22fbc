import { javascript } from "./javascript.ts";
import {
  brackets,
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
import { shell } from "./shell.ts";

/** Python: a text's letters before the quotes tell whether code can stand in it. */
const pythonQuotes = `"""|'''|["']`;

const pythonRules: readonly Rule[] = [
  ["#[^\\n]*", comment],
  [
    pythonQuotes,
    enter((quotes, { text, start }) => {
      const prefix = /(?<!\w)[rbuft]{1,2}$/i.exec(text.slice(Math.max(0, start - 3), start))?.[0] ?? "";
      return /[ft]/i.test(prefix) ? pythonTemplate(quotes) : pythonText(quotes);
    }),
  ],
];

const python = makeMode(null, pythonRules);

const pythonText = lazyBy((quotes) => makeMode("text", [escaped, ...endOfPython(quotes)]));

const pythonTemplate = lazyBy((quotes) =>
  makeMode("text", [
    escaped,
    [String.raw`\{\{`, skip],
    [String.raw`\{`, enter(pythonField)],
    ...endOfPython(quotes),
  ]),
);

/** Code in a text: up to its format, which is text again. */
const pythonField = lazy(() =>
  makeMode(null, [...pythonRules, ...brackets, [":", { kind: "replace", mode: pythonFormat }]]),
);

const pythonFormat = lazy(() =>
  makeMode("text", [
    [String.raw`\{`, enter(pythonField)],
    [String.raw`\}|\n`, leave],
  ]),
);

function endOfPython(quotes: string): readonly Rule[] {
  return [[quotes.length === 1 ? `${quotes}|\\n` : quotes, leave]];
}

/** R: texts over several lines, names in backticks, and raw texts with brackets and dashes of any number. */
const r = makeMode(null, [
  ["#[^\\n]*", comment],
  [
    String.raw`(?<![\w.])[rR](?:"-*[(\[{]|'-*[(\[{])`,
    enter((opening) => {
      const [quote = "", bracket = ""] = [opening[1], opening.at(-1)];
      const closing = { "(": String.raw`\)`, "[": String.raw`\]`, "{": String.raw`\}` }[bracket] ?? "";
      return rawText(closing + "-".repeat(opening.length - 3) + quote);
    }),
  ],
  ["[\"'`]", enter((quote) => quoted(quote))],
]);

const rawText = lazyBy((end) => makeMode("text", [[end, leave]]));
const quoted = lazyBy((quote) => makeMode("text", [escaped, [quote, leave]]));

/** Julia: a quote mark is a letter's, or the transpose of what stands directly before it. */
const juliaRules: readonly Rule[] = [
  ["#=", enter(() => juliaComment())],
  ["#[^\\n]*", comment],
  [
    '"""|"|```|`',
    // The texts of macros, such as `raw"…"`, hold no code.
    enter((quotes, { text, start }) =>
      /\w$/.test(text.slice(Math.max(0, start - 1), start)) ? quoted(quotes) : juliaText(quotes),
    ),
  ],
  [
    String.raw`'(?:\\[^\n']{0,9}.|[^'\\\n]{1,2})'`,
    {
      kind: "text",
      when: ({ text, start }) => !/[\p{L}\p{N}_!)\]}'.]$/u.test(text.slice(Math.max(0, start - 2), start)),
    },
  ],
];

const julia = makeMode(null, juliaRules);
const juliaInText = lazy(() => makeMode(null, [...juliaRules, ...brackets]));

const juliaComment = lazy(() =>
  makeMode("comment", [
    ["#=", enter(juliaComment)],
    ["=#", leave],
  ]),
);
const juliaText = lazyBy((quotes) =>
  makeMode("text", [escaped, [String.raw`\$\(`, enter(juliaInText)], [quotes, leave]]),
);

/** How each language writes what is no code, by VS Code's language id. */
export const languageModes: { readonly [languageId: string]: Mode } = {
  python,
  javascript: javascript(true),
  javascriptreact: javascript(true),
  typescript: javascript(false),
  typescriptreact: javascript(true),
  r,
  julia,
  shellscript: shell,
};
