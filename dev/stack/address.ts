/** The same address without user name, password and query, safe to print and store. */
export function withoutCredentials(address: string): string {
  return address.replace(/\/\/[^/@]*@/, '//').replace(/[?#].*$/s, '');
}
