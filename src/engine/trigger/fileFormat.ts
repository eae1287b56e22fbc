import { type FileHandle, open } from "node:fs/promises";

/** The end of a zip file may be followed by a comment of up to this many bytes. */
const zipTail = 22 + 65_535;

/**
 * Whether a file is there up to its end, as far as its format tells: zip (what `torch.save` and Keras write), safetensors
 * and HDF5 say where they end. `unknown` for other files, and for those that can't be read now.
 */
export async function wholeness(path: string): Promise<"whole" | "cut" | "unknown"> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch {
    return "unknown";
  }
  try {
    const { size } = await file.stat();
    if (size === 0) return "unknown";
    const start = await read(file, 0, Math.min(size, 64));
    if (start.subarray(0, 4).equals(Buffer.from("PK\x03\x04")))
      return (await hasZipEnd(file, size)) ? "whole" : "cut";
    if (path.endsWith(".safetensors")) return judge(size, await safetensorsSize(file, start));
    if (start.subarray(0, 8).equals(Buffer.from("\x89HDF\r\n\x1a\n", "latin1")))
      return judge(size, hdfSize(start));
    return "unknown";
  } catch {
    return "unknown";
  } finally {
    await file.close();
  }
}

/** `expected` is where the file says that it ends, or `null` when it is of another kind. */
function judge(size: number, expected: number | null): "whole" | "cut" | "unknown" {
  if (expected === null) return "unknown";
  return size >= expected ? "whole" : "cut";
}

/** The directory of a zip file is written last, with its signature at the very end. */
async function hasZipEnd(file: FileHandle, size: number): Promise<boolean> {
  const length = Math.min(size, zipTail);
  const tail = await read(file, size - length, length);
  return tail.lastIndexOf(Buffer.from("PK\x05\x06")) >= 0;
}

/** A header with the places of all tensors comes first, after its own length. */
async function safetensorsSize(file: FileHandle, start: Buffer): Promise<number | null> {
  if (start.length < 8) return Number.POSITIVE_INFINITY;
  const length = Number(start.readBigUInt64LE(0));
  // Longer than the format allows: it is something else.
  if (length > 100_000_000) return null;
  const header = await read(file, 8, length);
  if (header.length < length) return Number.POSITIVE_INFINITY;
  const tensors: unknown = JSON.parse(header.toString("utf8"));
  const ends = Object.values(tensors as object).map((tensor: { readonly data_offsets?: readonly number[] }) =>
    Number(tensor?.data_offsets?.[1] ?? 0),
  );
  return 8 + length + Math.max(0, ...ends);
}

/** The superblock holds the end of the file, at a place that depends on its version. */
function hdfSize(start: Buffer): number | null {
  const version = start[8] ?? 255;
  const [sizePlace, endPlace] = version <= 1 ? [13, version === 0 ? 40 : 44] : [9, 28];
  if (start.length < endPlace + 8) return Number.POSITIVE_INFINITY;
  if (version > 3 || start[sizePlace] !== 8) return null;
  const end = start.readBigUInt64LE(endPlace);
  return end === 0xffff_ffff_ffff_ffffn ? null : Number(end);
}

async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
