import type { SignalRequest } from "../signal/protocol.ts";
import type { DeferredSignal } from "./record.ts";

/** Lays a signal that asks for a checkpoint at the end of its stage over earlier ones: all show the same state then. */
export function defer(
  earlier: DeferredSignal | null,
  request: SignalRequest,
  warning: string | null,
): DeferredSignal {
  return {
    step: request.step ?? earlier?.step ?? null,
    total: request.total ?? earlier?.total ?? null,
    name: request.name ?? earlier?.name ?? null,
    metrics: { ...earlier?.metrics, ...request.metrics },
    metadata: { ...earlier?.metadata, ...request.metadata },
    warning: warning ?? earlier?.warning ?? null,
  };
}
