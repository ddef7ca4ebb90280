import { withoutCredentials } from '../../../../dev/stack/address';

test.each([
  ['mongodb://me:p%40ss@db1,db2/audit?authSource=admin&password=x', 'mongodb://db1,db2/audit'],
  ['https://token@vault.example:8200/', 'https://vault.example:8200/'],
  ['https://s3.example/#secret', 'https://s3.example/'],
  ['127.0.0.1:7233', '127.0.0.1:7233'],
])('the address %s is printed without credentials as %s', (address, shown) => {
  expect(withoutCredentials(address)).toBe(shown);
});
