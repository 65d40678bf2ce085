/** The keys port on WebCrypto: ECDSA P-256 over SHA-256, raw r‖s, base64. */

import type { Keys } from './ports'

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' }

function base64(data: ArrayBuffer): string {
  return btoa(Array.from(new Uint8Array(data), (byte) => String.fromCharCode(byte)).join(''))
}

export function webKeys(crypto: Crypto): Keys {
  return {
    async generate() {
      const pair = await crypto.subtle.generateKey(CURVE, false, ['sign', 'verify'])
      const spki = await crypto.subtle.exportKey('spki', pair.publicKey)
      return { key: pair.privateKey, public_key: base64(spki) }
    },
    async sign(key, text) {
      const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
      const data = new TextEncoder().encode(text)
      return base64(await crypto.subtle.sign(algorithm, key as CryptoKey, data))
    },
    async sha256(data) {
      const digest = await crypto.subtle.digest('SHA-256', data)
      return Array.from(new Uint8Array(digest), (b) => b.toString(16).padStart(2, '0')).join('')
    },
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
  }
}
