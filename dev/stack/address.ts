/** The same address without user name, password and query, fit to be shown and kept. */
export function withoutCredentials(address: string): string {
  return address.replace(/\/\/[^/@]*@/, '//').replace(/[?#].*$/s, '');
}
