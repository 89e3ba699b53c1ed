// What older versions of Node.js (18, Debian 12's) lack and oidc-provider uses.
URL.parse ??= (url, base) => {
  try {
    return new URL(url, base);
  } catch {
    return null;
  }
};
