/** The recorders that are at work in this process. Their journals are not to be recovered by anybody else in it. */
export const liveRecorders = new Set<string>();
