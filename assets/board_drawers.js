(function () {
  'use strict';
  window.Housecount.boardDrawers = { gallery() {}, settings() {}, versions() {}, share() {} };
})();
