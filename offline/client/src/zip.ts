import { Zip, ZipPassThrough } from 'fflate'

/** A zip that is written piece by piece, so that a big one need not fit into memory. */
export class ZipFile {
  private readonly parts: Blob[] = []
  private readonly zip = new Zip((error, bytes) => {
    if (error) throw error
    this.parts.push(new Blob([Uint8Array.from(bytes)]))
  })

  add(name: string, bytes: Uint8Array): void {
    const entry = new ZipPassThrough(name)
    this.zip.add(entry)
    entry.push(bytes, true)
  }

  end(): Blob {
    this.zip.end()
    return new Blob(this.parts, { type: 'application/zip' })
  }
}
