using System.Reflection;
using Xunit;

namespace Nitro.Boundary.Tests;

/// <summary>The core is F# inside and plain .NET outside.</summary>
public sealed class ExportedTypesTests
{
    public static TheoryData<string> ExportedTypes() =>
        new(CoreAssemblies.All.SelectMany(assembly => assembly.GetExportedTypes()).Select(type => type.FullName ?? type.Name));

    [Theory]
    [MemberData(nameof(ExportedTypes))]
    public void NoTypeOfFSharpCrossesTheBoundary(string name)
    {
        var type = CoreAssemblies.All.Select(assembly => assembly.GetType(name)).First(found => found is not null)!;
        string[] offences = [
            .. Surface.TypesOfType(type).Where(IsOfFSharp).Select(found => $"{name} rests on {found}"),
            .. from member in Surface.MembersOf(type)
               from found in Surface.TypesIn(member)
               where IsOfFSharp(found)
               select $"{name}.{member.Name} names {found}"];
        Assert.True(offences.Length == 0, string.Join('\n', offences));
    }

    [Fact]
    public void TheWalkSeesFSharpTypesWhereverTheyStand()
    {
        Type[] hidden = [.. typeof(Leak).GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(member => Surface.TypesIn(member).Any(IsOfFSharp))
            .Select(member => member.MemberType)
            .Distinct()
            .Select(kind => kind switch
            {
                MemberTypes.Property => typeof(PropertyInfo),
                MemberTypes.Method => typeof(MethodInfo),
                MemberTypes.Constructor => typeof(ConstructorInfo),
                _ => typeof(FieldInfo),
            })];
        Assert.Equal(4, hidden.Length);
    }

    private static bool IsOfFSharp(Type type) =>
        type.Namespace?.StartsWith("Microsoft.FSharp", StringComparison.Ordinal) == true
        || type.Assembly.GetName().Name == "FSharp.Core";

    /// <summary>One F# type in each place where one could hide.</summary>
    private sealed class Leak(IReadOnlyList<Microsoft.FSharp.Core.FSharpOption<int>[]> items)
    {
        public readonly Func<Microsoft.FSharp.Core.Unit>? Field = null;

        public IReadOnlyList<Microsoft.FSharp.Core.FSharpOption<int>[]> Items => items;

        public bool Try(out Microsoft.FSharp.Collections.FSharpList<int>? found) => (found = null) is null && Field is null;
    }
}
