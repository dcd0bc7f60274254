# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes a page of what bench/run has measured.

page.py DIRECTORY
    reads results.json there; writes RESULTS.md, and index.html with its plots (SVG, by gnuplot where
    that is installed)
"""
import html
import json
import os
import shutil
import subprocess
import sys

COST_TITLES = {
    "heap": ("filling a heap", "heap, MB"),
    "threads": ("2M malloc/free per thread", "threads"),
    "mappings": ("5000 x five calls", "mappings"),
    "objects": ("start of a program", "loaded objects"),
}
MARKDOWN_ESCAPES = str.maketrans({"|": "\\|"})


def read(directory):
    with open(directory + "/results.json") as file:
        lines = [json.loads(line) for line in file if line.strip()]
    return lines[0], lines[1:]


def of_kind(results, kind):
    return [result for result in results if result["kind"] == kind]


def time_text(ns):
    for unit, name in ((1e9, "s"), (1e6, "ms"), (1e3, "us")):
        if ns >= unit:
            return "%.3g %s" % (ns / unit, name)
    return "%.0f ns" % ns


def p_text(p):
    return "<0.001" if p < 0.001 else "%.3f" % p


def machine_text(machine):
    return "%s, %d processors, %d MB; Linux %s, %s; %s UTC, load %s%s%s" % (
        machine["cpu"], machine["processors"], machine["memory_mb"], machine["kernel"], machine["libc"],
        machine["date"].replace("T", " ").rstrip("Z"), machine["load"],
        ", --quick" if machine["quick"] else "",
        ", revision " + machine["revision"] if machine["revision"] else "")


# Tables: (title, headings, rows).


def row_table(results):
    rows, plain = [], {}
    for result in of_kind(results, "row"):
        if result["column"] == "plain":
            plain = result
        else:
            rows.append((result["name"].strip(), time_text(plain["median_ns"]), time_text(result["median_ns"]),
                         "%.3f" % result["ratio"], "%+.0f us" % (result["difference_ns"] / 1e3),
                         "%.3f" % result["cpu_ratio"], p_text(result["p_slower"])))
    return "Rows", ("row", "plain", "ours", "ratio", "difference", "cpu", "p slower"), rows


def peer_tables(results):
    names = []
    for result in of_kind(results, "peers"):
        if result["name"] not in names:
            names.append(result["name"])
    for name in names:
        rows = [(r["column"], time_text(r["median_ns"]), "%.3f" % r["ratio"], "%.3f" % r["cpu_ratio"],
                 "%d" % r["faults"], p_text(r["p_slower"]))
                for r in of_kind(results, "peers") if r["name"] == name]
        yield "Peers: " + name, ("", "time", "ratio", "cpu", "page faults", "p slower"), rows


def cost_points(results):
    """{subject: {amount: {column: result}}}"""
    points = {}
    for result in of_kind(results, "cost"):
        subject, amount = result["name"].split("/")
        points.setdefault(subject, {}).setdefault(int(amount), {})[result["column"]] = result
    return points


def cost_tables(results):
    for subject, amounts in cost_points(results).items():
        rows = [("%d" % amount, time_text(columns["plain"]["median_ns"]))
                + tuple("%s (%.3f)" % (time_text(columns[name]["median_ns"]), columns[name]["ratio"])
                        for name in ("yes", "auto"))
                for amount, columns in sorted(amounts.items())]
        title, unit = COST_TITLES[subject]
        yield "Cost: " + title, (unit, "plain", "yes (ratio)", "auto (ratio)"), rows


def program_table(results):
    rows = [(r["name"], "%.3f s" % r["plain_s"], "%.3f" % r["wall"], p_text(r["wall_p"]), "%.3f" % r["cpu"],
             p_text(r["cpu_p"]), "%.1f MB" % r["plain_mb"], "%.2f" % r["memory"])
            for r in of_kind(results, "program")]
    return ("Real programs, every process on auto",
            ("program", "plain", "wall", "p", "cpu", "p", "peak memory", "ratio"), rows)


def tables(results):
    found = [program_table(results)] + list(peer_tables(results)) + list(cost_tables(results))
    return [table for table in found + [row_table(results)] if table[2]]


# Plots.


def plot(directory, name, script):
    """Draws name.svg; False without gnuplot."""
    if not shutil.which("gnuplot"):
        return False
    head = ("set terminal svg size 720,%d font 'sans,12' background 'white'\nset output '%s.svg'\n"
            "set grid ytics lc rgb '#dddddd'\nset key top left\n")
    height = 300
    if isinstance(script, tuple):
        script, height = script
    done = subprocess.run(["gnuplot"], input=head % (height, name) + script, text=True, cwd=directory,
                          stderr=subprocess.PIPE)
    return done.returncode == 0


def cost_plot(subject, amounts):
    title, unit = COST_TITLES[subject]
    data = "\n".join("%d %s" % (amount, " ".join("%g" % (columns[name]["median_ns"] / 1e6)
                                               for name in ("plain", "yes", "auto")))
                     for amount, columns in sorted(amounts.items()))
    return ("$d << E\n%s\nE\nset logscale xy\nset title '%s'\nset xlabel '%s'\nset ylabel 'ms'\n"
            "plot $d using 1:2 with linespoints title 'plain', $d using 1:3 with linespoints title 'yes', "
            "$d using 1:4 with linespoints title 'auto'\n" % (data, title, unit))


def bars(title, names, series):
    """Horizontal bars, one group a name; series: (label, colour, values). A line marks 1."""
    script, count = "", len(names)
    for at, (_, _, values) in enumerate(series):
        lines = "\n".join("%g %g" % (value, count - 1 - row - 0.25 * at) for row, value in enumerate(values))
        script += "$s%d << E\n%s\nE\n" % (at, lines)
    tics = ", ".join('"%s" %g' % (name.replace('"', ""), count - 1 - row - 0.25 * (len(series) - 1) / 2)
                     for row, name in enumerate(names))
    script += ("set title '%s'\nset ytics (%s)\nset yrange [-1:%g]\nset xrange [0:*]\nset boxwidth 0.2\n"
               "set style fill solid\nset arrow from 1,-1 to 1,%g nohead lc rgb '#444444' front\n"
               "set key top right\nplot " % (title, tics, count, count))
    script += ", ".join("$s%d using (0):2:(0):1:($2-0.1):($2+0.1) with boxxyerror lc rgb '%s' title '%s'" % (
        at, colour, label) for at, (label, colour, _) in enumerate(series))
    return script + "\n", 120 + 26 * count


def plots(directory, results):
    made = []
    programs = of_kind(results, "program")
    if programs and plot(directory, "programs", bars(
            "real programs: ratio to plain", [r["name"] for r in programs],
            [(label, colour, [r[field] for r in programs]) for label, colour, field in (
                ("wall", "#4477aa", "wall"), ("cpu", "#66ccee", "cpu"), ("memory", "#ccbb44", "memory"))])):
        made.append("programs")
    for number, (title, _, rows) in enumerate(peer_tables(results), 1):
        if plot(directory, "peers%d" % number, bars(
                title.replace("'", "") + ", ratio to plain", [row[0].replace("'", "") for row in rows],
                [("time", "#4477aa", [float(row[2]) for row in rows])])):
            made.append("peers%d" % number)
    for subject, amounts in cost_points(results).items():
        if plot(directory, "cost-" + subject, cost_plot(subject, amounts)):
            made.append("cost-" + subject)
    return made


# Output.


def write_markdown(path, machine, results):
    with open(path, "w") as file:
        print("# The last results\n\nWritten by `make bench`; README.md tells how to read it.\n", file=file)
        print("Machine: %s.\n" % machine_text(machine), file=file)
        for title, headings, rows in tables(results):
            print("## %s\n" % title, file=file)
            print("| %s |\n|%s" % (" | ".join(headings), "---|" * len(headings)), file=file)
            for row in rows:
                print("| %s |" % " | ".join(cell.translate(MARKDOWN_ESCAPES) for cell in row), file=file)
            print(file=file)


def write_page(path, machine, results, made):
    with open(path, "w") as file:
        print("<!doctype html><meta charset=utf-8><title>libhugetlbfs: make bench</title>\n<style>body{font:14px "
              "sans-serif;max-width:60em;margin:2em auto}td,th{padding:.1em .6em;text-align:right}"
              "td:first-child,th:first-child{text-align:left}tr:nth-child(even){background:#f4f4f4}</style>\n"
              "<h1>make bench</h1><p>%s</p>" % html.escape(machine_text(machine)), file=file)
        for name in made:
            print('<p><img src="%s.svg" alt="%s">' % (name, name), file=file)
        for title, headings, rows in tables(results):
            print("<h2>%s</h2><table><tr>%s</tr>" % (
                html.escape(title), "".join("<th>%s</th>" % html.escape(word) for word in headings)), file=file)
            for row in rows:
                print("<tr>%s</tr>" % "".join("<td>%s</td>" % html.escape(cell) for cell in row), file=file)
            print("</table>", file=file)


def main(directory):
    machine, results = read(directory)
    made = plots(directory, results)
    write_markdown(directory + "/RESULTS.md", machine, results)
    write_page(directory + "/index.html", machine, results, made)


if __name__ == "__main__":
    if len(sys.argv) != 2 or not os.path.isdir(sys.argv[1]):
        sys.exit(__doc__)
    main(sys.argv[1])
