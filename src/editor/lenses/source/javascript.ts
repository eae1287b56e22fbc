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
} from "./mode.ts";

const comments: Rule = [
  String.raw`\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|(?![\s\S]))|#!(?<![\s\S]#!)[^\n]*`,
  comment,
];

const quoted = lazyBy((quote) => makeMode("text", [escaped, [`${quote}|\\n`, leave]]));

/** Quotes of an attribute, which know no backslash and may go over lines. */
const attribute: Rule = [`"[^"]*"|'[^']*'`, { kind: "text" }];

/** JavaScript and TypeScript; `hasElements` where a `<` can begin an element of JSX, and not a type. */
export function javascript(hasElements: boolean): Mode {
  const template = lazy(() => makeMode("text", [escaped, [String.raw`\$\{`, enter(inner)], ["`", leave]]));
  const tag = lazy(() =>
    makeMode(null, [
      comments,
      attribute,
      [String.raw`\{`, enter(inner)],
      [String.raw`\/>`, leave],
      [">", { kind: "replace", mode: children }],
    ]),
  );
  const children = lazy(() =>
    makeMode("text", [
      [String.raw`\{`, enter(inner)],
      [String.raw`<\/[^<>]*>`, leave],
      ["<(?=[A-Za-z_$>])", enter(tag)],
    ]),
  );
  const element: Rule = [
    // Not the parameters of a generic function.
    String.raw`<(?=[A-Za-z_$>])(?![\w$]+\s*(?:,|\bextends\b|>\s*\())`,
    { kind: "enter", mode: tag, when: ({ isAfterValue }) => !isAfterValue() },
  ];
  const rules: readonly Rule[] = [
    comments,
    ["[\"']", enter((quote) => quoted(quote))],
    ["`", enter(template)],
    [
      String.raw`\/(?:\\.|\[(?:\\.|[^\]\\\n]){0,200}\]|[^\/\\\[\n]){1,500}\/[a-z]*`,
      { kind: "text", when: ({ isAfterValue }) => !isAfterValue() },
    ],
    ...(hasElements ? [element] : []),
  ];
  const inner = lazy(() => makeMode(null, [...rules, ...brackets]));
  return makeMode(null, rules);
}
