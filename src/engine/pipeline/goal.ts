/** Which way a metric gets better. */
export type Goal = "maximize" | "minimize";

/** Words in a metric's name, as people write them, in the order in which they count as telling. */
const better: readonly (readonly [RegExp, Goal])[] = [
  [/^(loss|losses|nll|nloss|cost|perplexity|ppl|bpb|bpc)$/, "minimize"],
  [/^(error|err|errors|mae|mse|rmse|mape|smape|rmsle|mase|wer|cer|ter|eer|fid|kid|lpips)$/, "minimize"],
  [
    /^(divergence|kl|regret|distance|latency|duration|seconds|ms|time|memory|deviation|mistakes)$/,
    "minimize",
  ],
  [
    /^(accuracy|acc|acc1|acc5|top1|top5|auc|auroc|auprc|roc|ap|map|ndcg|mrr|hits|hit|iou|miou|dice)$/,
    "maximize",
  ],
  [
    /^(f1|f2|fbeta|precision|recall|sensitivity|specificity|kappa|mcc|r2|correlation|pearson|spearman)$/,
    "maximize",
  ],
  [/^(bleu|rouge|meteor|cider|psnr|ssim|reward|return|score|success|likelihood|throughput|elo)$/, "maximize"],
];

/** Which way a metric gets better, told from its name; `null` when the name does not tell. */
export function inferGoal(key: string): Goal | null {
  const words = key
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z\d]+/);
  for (const [pattern, goal] of better) if (words.some((word) => pattern.test(word))) return goal;
  return null;
}
