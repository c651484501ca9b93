// SPDX-License-Identifier: MIT
// Colour maps as hexadecimal triples, from low to high: matplotlib's viridis and RdYlBu_r without
// its darkest ends, as in the figures.
export const VIRIDIS =
  "440154471063481f70472d7b4439834046883b528b365d8d31688e2c728e287c8e24868e21918c" +
  "1f9a8a20a48628ae8035b77948c16e5ec96275d05490d743addc30c8e020e5e419fde725";
export const DIVERGING =
  "3e60aa4878b6588cc069a0ca7ab2d48ec2dca1d1e5b6dfecc9e8f2dcf1f7e9f6e8f3fbd4fffebe" +
  "fff3adfee99dfedc8cfeca7cfdb96bfba35cf88c51f57547ed5f3ce34933d93429c62027";
