/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Before the table is read: with scripts its rows are shown by report.js. */
document.documentElement.className = 'loading';
