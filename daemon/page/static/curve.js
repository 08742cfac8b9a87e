// The curve of the run that goes on: kept as it comes, and drawn by uPlot over the zone and the parts of the course.
"use strict";

window.duurloop = window.duurloop || {};

{
  const MOST_POINTS = 4000; // a run of a day must not fill a tablet
  const GAP_S = 10;

  duurloop.Curve = class {
    constructor(session) {
      this.session = session;
      this.at = [];
      this.bpm = [];
      this.look = null;
      this.plot = null;
    }

    // take in what was before this page was opened; null is a gap
    take(at, bpm) {
      this.at = at;
      this.bpm = bpm;
    }

    grow(at, bpm) {
      const last = this.at.length ? this.at[this.at.length - 1] : null;
      if (last !== null && at <= last) return;
      if (last !== null && at - last > GAP_S) {
        this.at.push(last + 1);
        this.bpm.push(null);
      }
      this.at.push(at);
      this.bpm.push(bpm);
      if (this.at.length > MOST_POINTS) this.thinOut();
    }

    thinOut() {
      const kept = this.at.map((_, index) => index % 2 === 0 || this.bpm[index] === null);
      this.at = this.at.filter((_, index) => kept[index]);
      this.bpm = this.bpm.filter((_, index) => kept[index]);
    }

    // draw into a place; it may be another one than before
    drawIn(place, look, label) {
      this.look = look;
      if (look.bpm !== null) this.grow(look.at_s - look.age_s, look.bpm);
      if (this.plot && this.plot.root.parentNode !== place) this.forget();
      if (!this.plot) this.plot = this.plotIn(place, label);
      else this.plot.setData([this.at, this.bpm]);
    }

    forget() {
      if (this.plot) this.plot.destroy();
      this.plot = null;
    }

    fit() {
      if (this.plot) this.plot.setSize(this.sizeOf(this.plot.root.parentNode));
    }

    sizeOf(place) {
      return { width: Math.max(200, place.clientWidth), height: place.clientHeight || 220 };
    }

    get began() {
      return this.look ? this.look.began_s || 0 : 0;
    }

    get course() {
      return this.look && this.look.legs ? this.look.legs : [];
    }

    // the whole course is in sight; a free run grows by five minutes at a time
    get lasts() {
      const soFar = this.at.length ? this.at[this.at.length - 1] - this.began : 0;
      const course = this.course.reduce((sum, leg) => sum + leg[1], 0);
      return this.began + Math.max(300, course, Math.ceil(soFar / 300) * 300);
    }

    heights(lowest, highest) {
      const [low, high] = (this.look && this.look.zone) || [100, 130];
      const reach = [low - 20, high + 20];
      if (lowest !== null && lowest !== undefined) reach[0] = Math.min(reach[0], lowest - 5);
      if (highest !== null && highest !== undefined) reach[1] = Math.max(reach[1], highest + 5);
      return reach;
    }

    markZone(plot, colour) {
      if (!this.look || !this.look.zone) return;
      const { ctx } = plot;
      const { left, top, width, height } = plot.bbox;
      const [low, high] = this.look.zone.map((bpm) => plot.valToPos(bpm, "y", true));
      const above = Math.max(top, high);
      const below = Math.min(top + height, low);
      ctx.fillStyle = colour("--calm-band");
      ctx.fillRect(left, above, width, below - above);
      ctx.fillStyle = colour("--calm");
      for (const edge of [above, below]) ctx.fillRect(left, edge - devicePixelRatio / 2, width, devicePixelRatio);
    }

    markCourse(plot, colour) {
      const { ctx } = plot;
      const { top, height } = plot.bbox;
      let at = this.began;
      ctx.fillStyle = colour("--calm");
      for (const [kind, seconds] of this.course) {
        const from = plot.valToPos(at, "x", true);
        const to = plot.valToPos(at + seconds, "x", true);
        const tall = (kind === "run" ? 8 : 3) * devicePixelRatio;
        if (kind !== "pause") ctx.fillRect(from + 1, top + height - tall, Math.max(1, to - from - 2), tall);
        at += seconds;
      }
    }

    plotIn(place, label) {
      const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
      const axis = (more) => ({
        stroke: () => colour("--quiet"),
        grid: { stroke: () => colour("--line"), width: 0.5 },
        ticks: { show: false },
        font: "14px system-ui, sans-serif",
        ...more,
      });
      const splits = (_plot, _axis, _from, to, step) => {
        const found = [];
        for (let at = this.began; at <= to; at += step) found.push(at);
        return found;
      };
      // the edges of the zone are what matters; other lines keep away from them
      const levels = (_plot, _axis, from, to) => {
        const edges = (this.look && this.look.zone) || [];
        const rest = [];
        for (let bpm = Math.ceil(from / 20) * 20; bpm <= to; bpm += 20) {
          if (edges.every((edge) => Math.abs(edge - bpm) >= 8)) rest.push(bpm);
        }
        return [...edges, ...rest].sort((one, other) => one - other);
      };
      const minutes = (_plot, values) => values.map((value) => `${Math.round((value - this.began) / 60)}′`);
      const plot = new uPlot(
        {
          ...this.sizeOf(place),
          cursor: { show: false },
          legend: { show: false },
          scales: {
            x: { time: false, range: () => [this.began, this.lasts] },
            y: { range: (_plot, lowest, highest) => this.heights(lowest, highest) },
          },
          axes: [
            axis({ values: minutes, splits, incrs: [60, 300, 600, 1200, 1800, 3600, 7200, 14400], space: 60, size: 30 }),
            axis({ splits: levels, size: 42 }),
          ],
          series: [{}, { stroke: () => colour("--ink"), width: 2, points: { show: false }, spanGaps: false }],
          hooks: { drawClear: [(drawn) => this.markZone(drawn, colour), (drawn) => this.markCourse(drawn, colour)] },
        },
        [this.at, this.bpm],
        place,
      );
      plot.root.setAttribute("role", "img");
      plot.root.setAttribute("aria-label", label);
      return plot;
    }
  };
}
