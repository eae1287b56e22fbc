import {
  type HostMessage,
  type PageMessage,
  parseHostMessage,
  protocolVersion,
  type Reference,
} from "../protocol.ts";
import { type Choices, parseChoices } from "./choices.ts";

/** What VS Code gives a webview. */
interface VsCodeApi {
  postMessage(message: PageMessage): void;
  getState(): unknown;
  setState(state: PersistedState): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** What survives a reload: what was compared and how it was looked at, never the data. */
export interface PersistedState {
  readonly selection: readonly Reference[];
  readonly choices: Choices;
}

/** The page's end of the channel to the editor. */
export class Host {
  // VS Code hands it out once per page.
  readonly #api = acquireVsCodeApi();

  /** Choices of an earlier life of this page. */
  restoredChoices(): Choices {
    const state = this.#api.getState();
    return parseChoices((state as { readonly choices?: unknown } | null | undefined)?.choices);
  }

  persist(state: PersistedState): void {
    this.#api.setState(state);
  }

  send(message: PageMessage): void {
    this.#api.postMessage(message);
  }

  /** Begins to listen, and tells the host so. */
  connect(onMessage: (message: HostMessage) => void): void {
    window.addEventListener("message", (event: MessageEvent<unknown>) => {
      const message = parseHostMessage(event.data);
      if (message !== null) onMessage(message);
    });
    this.send({ kind: "ready", protocol: protocolVersion });
  }
}
