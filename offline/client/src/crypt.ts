/** The crypt port on WebCrypto. */

import type { Crypt } from './ports'

const NONCE_BYTES = 12
const BITS = 256

export function webCrypt(crypto: Crypto): Crypt {
  const { subtle } = crypto
  const gcm = (nonce: Uint8Array<ArrayBuffer>, additional: string): AesGcmParams => ({
    name: 'AES-GCM',
    iv: nonce,
    additionalData: new TextEncoder().encode(additional),
  })
  return {
    deviceKey: () =>
      subtle.generateKey({ name: 'HMAC', hash: 'SHA-256', length: BITS }, false, ['sign']),
    async mix(key, secret) {
      return new Uint8Array(await subtle.sign('HMAC', key as CryptoKey, secret))
    },
    async stretch(pin, salt, rounds) {
      const text = new TextEncoder().encode(pin)
      const key = await subtle.importKey('raw', text, 'PBKDF2', false, ['deriveBits'])
      const algorithm = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: rounds }
      return new Uint8Array(await subtle.deriveBits(algorithm, key, BITS))
    },
    aesKey: (raw) => subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']),
    async encrypt(key, data, additional) {
      const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES))
      const sealed = await subtle.encrypt(gcm(nonce, additional), key as CryptoKey, data)
      const bytes = new Uint8Array(NONCE_BYTES + sealed.byteLength)
      bytes.set(nonce)
      bytes.set(new Uint8Array(sealed), NONCE_BYTES)
      return bytes
    },
    async decrypt(key, data, additional) {
      const parameters = gcm(data.slice(0, NONCE_BYTES), additional)
      try {
        return new Uint8Array(
          await subtle.decrypt(parameters, key as CryptoKey, data.subarray(NONCE_BYTES)),
        )
      } catch {
        return null
      }
    },
  }
}
