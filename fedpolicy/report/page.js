(function () {
  "use strict";
  document.querySelectorAll(".map").forEach(function (figure) {
    var svg = figure.querySelector("svg");
    if (!svg || !svg.viewBox) { return; }
    var home = [svg.viewBox.baseVal.x, svg.viewBox.baseVal.y, svg.viewBox.baseVal.width, svg.viewBox.baseVal.height];
    var view = home.slice();
    function show() { svg.setAttribute("viewBox", view.join(" ")); }
    function zoom(factor) {
      var width = view[2] * factor, height = view[3] * factor;
      view = [view[0] + (view[2] - width) / 2, view[1] + (view[3] - height) / 2, width, height];
      show();
    }
    var tools = document.createElement("div");
    tools.className = "tools";
    [["Zoom in", function () { zoom(0.8); }], ["Zoom out", function () { zoom(1.25); }],
      ["Whole map", function () { view = home.slice(); show(); choose("party", ""); }]].forEach(function (pair) {
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = pair[0];
      button.addEventListener("click", pair[1]);
      tools.appendChild(button);
    });
    figure.insertBefore(tools, svg);
    var start = null;
    svg.addEventListener("pointerdown", function (event) { start = [event.clientX, event.clientY]; });
    svg.addEventListener("pointermove", function (event) {
      if (!start || event.buttons !== 1) { return; }
      var scale = view[2] / svg.clientWidth;
      view[0] -= (event.clientX - start[0]) * scale;
      view[1] -= (event.clientY - start[1]) * scale;
      start = [event.clientX, event.clientY];
      show();
    });
    var status = document.createElement("p");
    status.setAttribute("role", "status");
    tools.appendChild(status);
    function has(part, kind, name) {
      return JSON.parse(part.getAttribute({ party: "data-of", dataset: "data-carries", cause: "data-causes" }[kind]) || "[]")
        .indexOf(name) >= 0;
    }
    function told(row, kind, name) {
      var cell = kind === "party" ? row.querySelector("th") : row.cells[2];
      if (kind === "cause" || !cell || (kind === "dataset" && row.closest("#matrix"))) { return true; }
      return / more$/.test(cell.textContent) || cell.textContent.split(/, | and /).some(function (word) {
        return word === name || (kind === "dataset" && word.split("@")[0] === name);
      });
    }
    function choose(kind, name) {
      svg.querySelectorAll("[data-of]").forEach(function (part) {
        part.classList.toggle("dim", name !== "" && !has(part, kind, name));
      });
      document.querySelectorAll("#matrix tbody tr, #learns tbody tr").forEach(function (row) {
        row.classList.toggle("dim", name !== "" && !told(row, kind, name));
      });
      document.querySelectorAll(".chosen").forEach(function (part) { part.classList.remove("chosen"); });
      if (kind === "cause" && document.getElementById(name)) { document.getElementById(name).classList.add("chosen"); }
      figure.setAttribute("data-chosen", name && kind + " " + name);
      var words = kind === "cause" ? "what one cause explains" : name;
      status.textContent = name && "Shown: " + words + ". Click again for everything.";
    }
    [["party", "[data-party]"], ["dataset", "[data-dataset]"], ["cause", "[data-cause]"]].forEach(function (pair) {
      svg.querySelectorAll(pair[1]).forEach(function (part) {
        function pick() {
          var name = part.getAttribute("data-" + pair[0]);
          choose(pair[0], figure.getAttribute("data-chosen") === pair[0] + " " + name ? "" : name);
        }
        part.addEventListener("click", pick);
        part.addEventListener("keydown", function (event) {
          if (pair[0] !== "cause" && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); pick(); }
        });
      });
    });
  });
}());
