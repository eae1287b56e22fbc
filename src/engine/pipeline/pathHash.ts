/** What `dvc.lock` says of a file or directory. */
export interface PathHash {
  /** MD5 in hexadecimal, with `.dir` at the end for a directory. */
  readonly hash: string;
  /** Bytes; for a directory the sum over its files. */
  readonly size: number;
  /** `null` for a file. */
  readonly fileCount: number | null;
  readonly isExecutable: boolean;
}
