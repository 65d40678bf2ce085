/** Photos made small enough for a village network without losing what they prove. */

const LONGEST = 2000
const QUALITY = 0.85
const SMALL_ENOUGH = 1_200_000

export interface Picture {
  blob: Blob
  width: number
  height: number
}

/**
 * A JPEG of at most 2000 px. A JPEG that already fits keeps its very bytes, and with them EXIF.
 * Throws `UnreadableImage` when the browser cannot decode the file.
 */
export async function compress(file: Blob): Promise<Picture> {
  const bitmap = await decode(file)
  try {
    const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height))
    const width = Math.round(bitmap.width * scale)
    const height = Math.round(bitmap.height * scale)
    if (file.type === 'image/jpeg' && scale === 1 && file.size <= SMALL_ENOUGH) {
      return { blob: new Blob([await file.arrayBuffer()], { type: file.type }), width, height }
    }
    return { blob: await draw(bitmap, width, height), width, height }
  } finally {
    bitmap.close()
  }
}

export class UnreadableImage extends Error {
  constructor() {
    super('这张照片打不开，请重拍或换一张')
  }
}

async function decode(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, { imageOrientation: 'from-image' })
  } catch {
    throw new UnreadableImage()
  }
}

async function draw(bitmap: ImageBitmap, width: number, height: number): Promise<Blob> {
  if (typeof OffscreenCanvas !== 'undefined') {
    const canvas = new OffscreenCanvas(width, height)
    canvas.getContext('2d')?.drawImage(bitmap, 0, 0, width, height)
    return canvas.convertToBlob({ type: 'image/jpeg', quality: QUALITY })
  }
  const canvas = Object.assign(document.createElement('canvas'), { width, height })
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0, width, height)
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new UnreadableImage())),
      'image/jpeg',
      QUALITY,
    )
  })
}
