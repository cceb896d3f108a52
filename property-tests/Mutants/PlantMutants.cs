using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Xml.Linq;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Copies the sources that the given projects compile, in their order, with every edit of the list of mutants made. An edit
/// whose text is not found exactly once stops the build: the code has moved on, and the mutant must follow.
/// </summary>
public sealed class PlantMutants : Task
{
    [Required]
    public ITaskItem[] Projects { get; set; }

    [Required]
    public string List { get; set; }

    /// <summary>The repository's root, with a separator at its end; paths in the list are relative to it.</summary>
    [Required]
    public string Root { get; set; }

    [Required]
    public string Into { get; set; }

    [Output]
    public ITaskItem[] Sources { get; set; }

    public override bool Execute()
    {
        var edits = XDocument.Load(List).Root.Elements("mutant").SelectMany(mutant => mutant.Elements("edit")).ToLookup(edit => (string)edit.Attribute("file"));
        var sources = Projects.SelectMany(project => Compiled(project.ItemSpec)).ToList();
        var planted = new List<ITaskItem>();
        foreach (var path in sources)
        {
            var name = path.Substring(Root.Length).Replace('\\', '/');
            var text = edits[name].Aggregate(File.ReadAllText(path), (soFar, edit) => Plant(soFar, edit, name));
            var copy = Path.Combine(Into, name);
            Directory.CreateDirectory(Path.GetDirectoryName(copy));
            if (!File.Exists(copy) || File.ReadAllText(copy) != text)
            {
                File.WriteAllText(copy, text);
            }

            planted.Add(new TaskItem(copy));
        }

        var known = new HashSet<string>(sources.Select(path => path.Substring(Root.Length).Replace('\\', '/')));
        foreach (var file in edits.Select(group => group.Key).Where(file => !known.Contains(file)))
        {
            Log.LogError("{0}: an edit names {1}, which no project compiles.", List, file);
        }

        Sources = planted.ToArray();
        return !Log.HasLoggedErrors;
    }

    private static IEnumerable<string> Compiled(string project) =>
        XDocument.Load(project).Descendants("Compile").Select(item => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(project), (string)item.Attribute("Include"))));

    private string Plant(string text, XElement edit, string name)
    {
        var find = (string)edit.Element("find");
        var first = text.IndexOf(find, StringComparison.Ordinal);
        if (first < 0 || text.IndexOf(find, first + 1, StringComparison.Ordinal) >= 0)
        {
            Log.LogError("{0}: mutant '{1}' wants to edit {2} where it says '{3}': that stands there {4}.",
                List, (string)edit.Parent.Attribute("name"), name, find, first < 0 ? "nowhere" : "more than once");
            return text;
        }

        return text.Substring(0, first) + (string)edit.Element("plant") + text.Substring(first + find.Length);
    }
}
