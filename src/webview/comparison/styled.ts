import { type AttributePart, noChange } from "lit";
import { Directive, directive, type PartInfo, PartType } from "lit/directive.js";

type Declarations = { readonly [property: string]: string };

/**
 * Styles an element: `style=${styled({ left: "3px" })}`. Sets each property through the object model, which the page's
 * content security policy allows; Lit's own `styleMap` writes a style attribute first, which the policy forbids.
 */
class StyledDirective extends Directive {
  #set: readonly string[] = [];

  constructor(part: PartInfo) {
    super(part);
    if (part.type !== PartType.ATTRIBUTE || part.name !== "style") {
      throw new Error("styled() belongs into a style attribute");
    }
  }

  override render(_declarations: Declarations): typeof noChange {
    return noChange;
  }

  override update(part: AttributePart, [declarations]: [Declarations]): typeof noChange {
    const { style } = part.element as HTMLElement;
    for (const property of this.#set) if (!(property in declarations)) style.removeProperty(property);
    for (const [property, value] of Object.entries(declarations)) style.setProperty(property, value);
    this.#set = Object.keys(declarations);
    return noChange;
  }
}

export const styled = directive(StyledDirective);
