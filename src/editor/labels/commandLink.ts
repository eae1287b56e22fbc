import type { CommandArguments, CommandId } from "../../contract.ts";

/** A link that runs one of our commands, in Markdown; `text` is Markdown as well, so names in it must be escaped. */
export function commandLink<Id extends CommandId>(
  text: string,
  id: Id,
  ...args: CommandArguments[Id]
): string {
  // Parentheses would end the link early.
  const encoded = encodeURIComponent(JSON.stringify(args)).replaceAll("(", "%28").replaceAll(")", "%29");
  return `[${text}](command:${id}?${encoded})`;
}
