/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Before the table is read: its rows are shown by report.js, or as they are if that fails. */
document.documentElement.className = 'loading';
addEventListener('load', () => {
	if (document.documentElement.className)
		document.documentElement.className = 'plain';
});
