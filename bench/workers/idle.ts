import { EventLoopWatch } from "../support/eventLoop.ts";

/** A process that does nothing but watch its event loop. Says when it is ready; tells the longest block when asked. */
const watch = new EventLoopWatch();
process.on("message", () => process.send?.(watch.lap()));
process.send?.("ready");
