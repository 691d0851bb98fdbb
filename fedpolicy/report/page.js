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
      ["Whole map", function () { view = home.slice(); show(); choose(""); }]].forEach(function (pair) {
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
    function choose(name) {
      svg.querySelectorAll("[data-of]").forEach(function (part) {
        var of = JSON.parse(part.getAttribute("data-of"));
        part.classList.toggle("dim", name !== "" && of.indexOf(name) < 0);
      });
      document.querySelectorAll("#matrix tbody tr, #learns tbody tr").forEach(function (row) {
        var said = row.querySelector("th").textContent;
        row.classList.toggle("dim", name !== "" && said.split(/, | and /).indexOf(name) < 0);
      });
      figure.setAttribute("data-chosen", name);
    }
    svg.querySelectorAll("[data-party]").forEach(function (box) {
      function pick() {
        var name = box.getAttribute("data-party");
        choose(figure.getAttribute("data-chosen") === name ? "" : name);
      }
      box.addEventListener("click", pick);
      box.addEventListener("keydown", function (event) {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); pick(); }
      });
    });
  });
}());
